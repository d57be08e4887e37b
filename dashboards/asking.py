"""From a request to what is asked: who asks, which state of the page, about which books."""

from django.http import HttpRequest

from dashboards.filters import DashboardFilter, read_filter
from dashboards.known import Known, known
from dashboards.panel import Asked


def asked_by(request: HttpRequest, page: str, *, of: str = "") -> Asked:
    """Everything a panel needs to know about a request."""
    found = known(request)
    return Asked(
        request=request,
        page=page,
        state=state_of(found),
        sight=found.sight,
        organisation=found.organisation,
        now=found.now,
        of=of,
    )


def state_of(about: Known) -> DashboardFilter:
    """The filter that the address asks for; teams out of sight do not exist."""
    return read_filter(about.request.GET, about.visible_teams, about.span, about.now.date())
