"""Who may open the setup pages: uploaders bring files in, administrators do the rest.

Times on these pages are those of the organisation's time zone.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from finops.attribution.queries.organisation import organisation
from finops.people.access import Sight, sight_of
from finops.people.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def for_uploaders(view: View[P]) -> View[P]:
    """Finance and administrators; anybody else who is signed in gets 403."""
    return _guarded(view, lambda sight: sight.can_upload)


def for_administrators(view: View[P]) -> View[P]:
    return _guarded(view, lambda sight: sight.can_administer)


def user_of(request: HttpRequest) -> User:
    """The signed-in user of a guarded view."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def may_administer(request: HttpRequest) -> bool:
    return sight_of(user_of(request), timezone.now().date()).can_administer


def _guarded(view: View[P], allows: Callable[[Sight], bool]) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        if not allows(sight_of(request.user, timezone.now().date())):
            raise PermissionDenied
        with timezone.override(ZoneInfo(organisation().time_zone)):
            return view(request, *args, **kwargs)

    return cast("View[P]", guarded)
