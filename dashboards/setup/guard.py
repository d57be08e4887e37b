"""Who opens the setup pages of this app: finance reads some, administrators write."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import cache_control

from dashboards.known import known
from finops.people.access import Sight
from finops.people.models import User

View = Callable[..., HttpResponseBase]


def finance_reads(view: View) -> View:
    """For those who see all money; whatever is posted needs an administrator."""
    return guarded(view, lambda sight, is_read: is_read and sight.can_upload)


def administered(view: View) -> View:
    """For administrators alone, to look and to act."""
    return guarded(view, lambda _sight, _is_read: False)


def guarded(view: View, allows: Callable[[Sight, bool], bool]) -> View:
    """For administrators and those whom `allows` lets in; no cache may keep what they see."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        sight = known(request).sight
        is_read = request.method in ("GET", "HEAD")
        if not (sight.can_administer or allows(sight, is_read)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cache_control(private=True, no_store=True)(login_required(inner))


def signed_in_user(request: HttpRequest) -> User:
    user = known(request).user
    if user is None:
        raise PermissionDenied
    return user
