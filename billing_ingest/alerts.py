"""Context processor: what waits for an administrator, for the banner on every page."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from billing_ingest import sources
from finops.people.access import administers
from finops.people.models import User

MOST_SHOWN = 3


def alerts(request: HttpRequest) -> dict[str, Any]:
    """`import_alerts`: {shown, more} for administrators. Fragments do not draw it, so it is lazy."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    return {"import_alerts": SimpleLazyObject(lambda: found(user))}


def found(user: User) -> dict[str, Any]:
    if not administers(user):
        return {"shown": [], "more": 0}
    waiting = sources.alerts()
    return {"shown": waiting[:MOST_SHOWN], "more": max(0, len(waiting) - MOST_SHOWN)}
