"""From a request to what is asked: who asks, which state of the page, about which books."""

from django.http import HttpRequest
from django.utils import timezone

from dashboards.filters import DashboardFilter, Nesting, read_filter, with_moment
from dashboards.known import Known, known
from dashboards.panel import Asked
from finops.attribution.queries.organisation import organisation

WITHOUT_HISTORY = ("lines", "receipt", "reconcile")


def asked_by(request: HttpRequest, page: str, *, of: str = "") -> Asked:
    """Everything a panel needs to know about a request."""
    found = known(request)
    state = state_of(found)
    if state.known_on and page in WITHOUT_HISTORY:
        state = state.as_known_now("No history is kept of single lines and receipts.")
    return Asked(
        request=request,
        page=page,
        state=state,
        sight=found.sight,
        organisation=organisation(state.known_on) if state.known_on else found.organisation,
        now=found.now,
        of=of,
    )


def state_of(about: Known) -> DashboardFilter:
    """The filter that the address asks for; teams out of sight do not exist."""
    get = about.request.GET
    today = about.now.date()
    nesting = Nesting(about.standing.placements, today, about.sight.teams)
    state = read_filter(get, about.visible_teams, about.span, today, nesting)
    return with_moment(state, get.get("known_on") or "", timezone.now())
