"""What every endpoint shares: who asks, for which part of the books, and how it is answered.

Read-only. The parameters are those of the pages (`period`, `from`, `to`, `against`, `team`,
`cost`, `tree`), read by the same code; one that makes no sense is refused, not replaced.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dashboards.api.problems import NOT_FOUND_WORDS, WrongParametersError, as_problem, wrong
from dashboards.asking import state_of
from dashboards.filters import DAYS_MAX, NO_TEAM, DashboardFilter, Problem
from dashboards.known import Known, known
from finops.attribution.queries.organisation import organisation
from finops.attribution.queries.shapes import Scope
from finops.people.access import Sight
from finops.periods import Period

STATE = ("period", "from", "to", "against", "team", "cost", "known_on", "tree")
LIMIT, LIMIT_MAX = 50, 200
TEXT_MAX = 200


class Session(SessionAuthentication):
    """The signed-in browser session; without one the answer is 401."""

    def authenticate_header(self, request: Request) -> str:
        return 'Session realm="Outlay"'


@dataclass(frozen=True)
class Question:
    """What one request asks: the state of a page, the sight of its asker, the time."""

    about: Known
    params: QueryDict
    state: DashboardFilter
    sight: Sight
    now: datetime

    @property
    def currency(self) -> str:
        moment = self.state.known_on
        company = organisation(moment) if moment else self.about.organisation
        return company.reporting_currency

    @property
    def scope(self) -> Scope:
        """The teams asked for, else the whole organisation: for totals."""
        return self.state.scope()

    @property
    def seen(self) -> Scope:
        """The same without the teams that the asker may not look into: for details."""
        scope = self.scope
        return replace(scope, teams=self.sight.narrow(scope.teams))

    @property
    def against(self) -> Period:
        return self.state.against or self.state.period.previous()

    def choice(self, name: str, choices: Sequence[str], default: str = "") -> str:
        value = self.params.get(name) or default
        if value and value not in choices:
            raise wrong(name, f"{value[:80]!r} is not one of: {', '.join(choices)}.")
        return value

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        text = self.params.get(name) or ""
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise wrong(name, f"{text[:80]!r} is not a whole number.")
        if not lowest <= int(text) <= highest:
            raise wrong(name, f"{text} is not between {lowest} and {highest}.")
        return int(text)

    def text(self, name: str) -> str:
        value = self.params.get(name) or ""
        if len(value) > TEXT_MAX or "\0" in value:
            raise wrong(name, f"More than {TEXT_MAX} characters, or a zero byte.")
        return value

    @property
    def limit(self) -> int:
        return self.number("limit", LIMIT, 1, LIMIT_MAX)

    @property
    def cursor(self) -> str:
        """Where the page before ended; empty for the first page."""
        try:
            text = (self.params.get("cursor") or "").encode()
            return base64.b64decode(text, altchars=b"-_", validate=True).decode()
        except (ValueError, binascii.Error):
            raise wrong("cursor", "Not a cursor that a page gave.") from None


class Endpoint(APIView):
    """A read-only view. `parameters` names what it reads beside the state of the page."""

    authentication_classes = [Session]
    renderer_classes = [JSONRenderer]
    http_method_names = ["get", "head", "options"]
    parameters: tuple[str, ...] = ()
    reads_state = True
    for_finance = False
    knows_no_team = False

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Any]:
        return as_problem

    def question(self, request: Request) -> Question:
        """Read and check the whole request. Raises what as_problem turns into 400, 403 or 404."""
        about = known(request._request)  # noqa: SLF001 - the Django request below DRF's
        params, sight, now = about.request.GET, about.sight, about.now
        if self.for_finance and not sight.can_upload:
            raise PermissionDenied("Finance and administrators may read this.")
        allowed = {*self.parameters, *(STATE if self.reads_state else ())}
        if unknown := [name for name in params if name not in allowed]:
            raise WrongParametersError(
                [Problem(name[:80], "There is no such parameter here.") for name in unknown]
            )
        if NO_TEAM in params.getlist("team") and not self.knows_no_team:
            raise wrong("team", "Money without a team can be asked for in cells only.")
        return Question(about, params, read_state(about), sight, now)

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        done = super().finalize_response(request, response, *args, **kwargs)
        done["Cache-Control"] = "private, no-store"
        return done


def read_state(about: Known) -> DashboardFilter:
    """The state of the page, or a refusal. A team out of sight is not there."""
    try:
        state = state_of(about)
    except (ValueError, OverflowError):
        raise wrong("period", "The period, or what it is compared with, is out of range.") from None
    if any(problem.name == "team" for problem in state.problems):
        raise NotFound(NOT_FOUND_WORDS)
    if state.problems:
        raise WrongParametersError(state.problems)
    if state.period.days > DAYS_MAX:
        raise wrong("period", f"At most {DAYS_MAX} days at once.")
    return state


def page_after(question: Question, after: str | None) -> dict[str, str | None]:
    """The cursor and the address of the next page; null when this was the last."""
    if after is None:
        return {"cursor": None, "next": None}
    cursor = base64.urlsafe_b64encode(after.encode()).decode()
    pairs = [
        (name, value)
        for name, values in question.params.lists()
        for value in values
        if name != "cursor"
    ]
    return {
        "cursor": cursor,
        "next": f"{question.about.request.path}?{urlencode([*pairs, ('cursor', cursor)])}",
    }
