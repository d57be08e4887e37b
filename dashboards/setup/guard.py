"""Who opens the setup pages of this app: finance reads, administrators write."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import cache_control

from dashboards.known import known
from finops.people.models import User

View = Callable[..., HttpResponseBase]


def finance_reads(view: View) -> View:
    """For those who see all money; whatever is posted needs an administrator."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        sight = known(request).sight
        is_read = request.method in ("GET", "HEAD")
        if not (sight.can_administer or (is_read and sight.can_upload)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cache_control(private=True, no_store=True)(login_required(guarded))


def signed_in_user(request: HttpRequest) -> User:
    user = known(request).user
    if user is None:
        raise PermissionDenied
    return user
