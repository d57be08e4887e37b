"""From a request to what is asked: who asks, which state of the page, about which books."""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, QueryDict

from dashboards.filters import DashboardFilter, read_filter
from dashboards.known import known
from dashboards.panel import Asked
from finops.attribution.queries import organisation as books
from finops.attribution.queries.shapes import TeamRef
from finops.people.access import Sight
from finops.people.models import User


def asked_by(request: HttpRequest, page: str, *, of: str = "") -> Asked:
    """Everything a panel needs to know about a request."""
    found = known(request)
    return Asked(
        request=request,
        page=page,
        state=read_filter(request.GET, found.visible_teams, found.span, found.now.date()),
        sight=found.sight,
        organisation=found.organisation,
        now=found.now,
        of=of,
    )


def state_of(params: QueryDict, sight: Sight, now: datetime) -> DashboardFilter:
    """The filter that the parameters ask for; teams out of sight do not exist."""
    return read_filter(params, visible_teams(sight), books.books_span(), now.date())


def visible_teams(sight: Sight) -> list[TeamRef]:
    return [team for team in books.teams() if sight.sees(team.id)]


def the_user(request: HttpRequest) -> User | AnonymousUser:
    user = request.user
    return user if isinstance(user, User) else AnonymousUser()
