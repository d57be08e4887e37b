"""From a request to what is asked: who asks, which state of the page, about which books."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from dashboards.filters import DashboardFilter, read_filter
from dashboards.panel import Asked
from finops.attribution.queries import organisation as books
from finops.attribution.queries.shapes import TeamRef
from finops.people.access import Sight, sight_of
from finops.people.models import User


def asked_by(
    request: HttpRequest,
    page: str,
    *,
    of: str = "",
    team: TeamRef | None = None,
    subject: Any = None,
) -> Asked:
    """Everything a panel needs to know about a request."""
    now = timezone.now()
    sight = sight_of(the_user(request), now.date())
    return Asked(
        request=request,
        page=page,
        state=state_of(request.GET, sight, now),
        sight=sight,
        organisation=books.organisation(),
        now=now,
        of=of,
        team=team,
        subject=subject,
    )


def state_of(params: QueryDict, sight: Sight, now: datetime) -> DashboardFilter:
    """The filter that the parameters ask for; teams out of sight do not exist."""
    return read_filter(params, visible_teams(sight), books.books_span(), now.date())


def visible_teams(sight: Sight) -> list[TeamRef]:
    return [team for team in books.teams() if sight.sees(team.id)]


def the_user(request: HttpRequest) -> User | AnonymousUser:
    user = request.user
    return user if isinstance(user, User) else AnonymousUser()
