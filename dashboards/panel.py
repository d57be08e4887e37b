"""A panel answers one question: it asks one query function, then shows the answer.

The page, the panel by itself and its CSV all come from the same `ask`, so they cannot differ.
"""

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from dashboards.filters import DashboardFilter
from dashboards.known import known
from finops.attribution.queries.shapes import NotKnownError, Scope, TeamRef
from finops.people.access import Sight
from finops.people.models import Organisation
from finops.periods import Period

# What names the month that a bridge is about.
RECONCILED = ("month", "source", "issuer", "currency")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What a panel is asked about: the state of the page, who asks, and when.

    `of` is what the page is about: a team's slug, a work item's id, or empty.
    """

    request: HttpRequest
    page: str
    state: DashboardFilter
    sight: Sight
    organisation: Organisation
    now: datetime
    of: str = ""
    team: TeamRef | None = None
    subject: Any = None
    answers: dict[Any, Any] = field(default_factory=dict)

    def once(self, key: Any, ask: Callable[[], Any]) -> Any:
        """An answer that the head and the first panels of a page share."""
        if key not in self.answers:
            self.answers[key] = ask()
        return self.answers[key]

    @property
    def currency(self) -> str:
        return self.organisation.reporting_currency

    @property
    def home(self) -> str:
        """The address of the page that the panel stands on, without its state."""
        return {
            "team": f"/teams/{self.of}/",
            "teams": "/teams/",
            "receipt": f"/outcomes/{self.of}/",
            "reconcile": "/reconcile/",
        }.get(self.page, "/")

    @property
    def params(self) -> QueryDict:
        return self.request.GET

    def scope(self, period: Period | None = None) -> Scope:
        """The scope of the page: its team, else the teams of the filter."""
        teams = [self.team.id] if self.team and self.team.id is not None else None
        return self.state.scope(period, teams)

    def seen(self) -> Scope:
        """The same scope without the teams that the asker may not look into."""
        scope = self.scope()
        return replace(scope, teams=self.sight.narrow(scope.teams))

    def lines(self, **where: str | int | None) -> str:
        """The address of the lines behind a figure of this page."""
        return self.lines_in(self.state, **where)

    def lines_in(self, state: DashboardFilter, /, **where: str | int | None) -> str:
        """The same for a figure of other days or teams than the page's."""
        if self.team and "team" not in where:
            where["team"] = self.team.slug or "none"
        if "team" in where:
            state = replace(state, teams=())
        pairs = [(name, str(value)) for name, value in where.items() if value not in (None, "")]
        return f"/spend/lines/{state.query(*pairs)}"

    def unknown_names(self) -> str:
        """The address of the queue of names that nobody owns, for the same days."""
        return f"/setup/people/{replace(self.state, teams=()).query()}"


@dataclass(frozen=True)
class Table:
    """The rows of a panel as they leave the house: a head and plain values."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Panel:
    """One question. `ask` fetches, `show` makes the template's context, `table` the CSV rows.

    The context holds answer, how and links for the frame, and whatever the template wants.
    """

    slug: str
    question: str
    template: str
    ask: Callable[[Asked], Any]
    show: Callable[[Any, Asked], dict[str, Any]]
    table: Callable[[Any, Asked], Table] | None = None
    span: int = 12
    flush: bool = False
    both_views: bool = False
    tall: bool = False
    long: bool = False


@dataclass(frozen=True)
class Frame:
    """What components/panel.html draws around a body."""

    slug: str
    question: str
    answer: str = ""
    span: int = 12
    how: Sequence[str] = ()
    links: Sequence[dict[str, str]] = field(default_factory=list)
    csv_href: str = ""
    long: bool = False
    flush: bool = False


def address_of(panel: Panel, asked: Asked, ending: str = "/") -> str:
    """Where the panel lives by itself; with `.csv` where its rows do."""
    keep = [
        (name, asked.params.get(name) or "") for name in ("fate", "kind", "search", *RECONCILED)
    ]
    return f"/panels/{asked.page}/{panel.slug}{ending}{asked.state.query(('of', asked.of), *keep)}"


def render(panel: Panel, asked: Asked) -> tuple[SafeString, bool]:
    """The panel as HTML and whether it worked. What fails is logged and said in its own box."""
    about = known(asked.request)
    part = ("panel", asked.page, panel.slug, asked.of, asked.state, about.params)
    try:
        return about.kept(part, lambda: drawn(panel, asked)), True
    except NotKnownError as error:
        return render_without_history(panel, asked, error), True
    except Exception:  # the other panels of the page must live
        reference = uuid.uuid4().hex[:8]
        logger.exception("panel %s failed, reference %s", panel.slug, reference)
        return render_failure(panel, asked, reference), False


def drawn(panel: Panel, asked: Asked) -> SafeString:
    """Ask the panel's question and draw the answer. Nothing but the sight may tell users apart."""
    shown = panel.show(panel.ask(asked), asked)
    frame = Frame(
        slug=panel.slug,
        question=shown.pop("question", panel.question),
        answer=shown.pop("answer", ""),
        span=panel.span,
        how=shown.pop("how", ()),
        links=shown.pop("links", ()),
        long=panel.long,
        flush=shown.pop("flush", panel.flush),
    )
    views = shown.pop("both_views", panel.both_views)
    if panel.table and shown:  # an answer without a body has no rows to take away
        frame = replace(frame, csv_href=address_of(panel, asked, ".csv"))
    context = {"panel": frame, "both_views": views, "asked": asked, **shown}
    return render_to_string(panel.template, context, asked.request)


def render_failure(panel: Panel, asked: Asked, reference: str) -> SafeString:
    error = {
        "title": "This part could not be computed.",
        "words": "The rest of the page is not affected, and nothing was changed.",
        "reference": reference,
        "retry_href": f"{asked.request.path}{asked.state.query(('of', asked.of))}",
    }
    frame = Frame(panel.slug, panel.question, span=panel.span)
    return render_to_string("panels/failed.html", {"panel": frame, "error": error}, asked.request)


def render_without_history(panel: Panel, asked: Asked, error: NotKnownError) -> SafeString:
    """The panel as a sentence: what it shows is known as it is now only."""
    now = asked.state.as_known_now()
    frame = Frame(
        panel.slug, panel.question, answer=str(error), span=panel.span,
        links=[{"label": "As known now", "href": f"{asked.home}{now.query()}"}],
    )  # fmt: skip
    return render_to_string("components/panel.html", {"panel": frame}, asked.request)


def render_waiting(panel: Panel, asked: Asked) -> SafeString:
    """The panel's place, which fetches the panel as soon as the page is there."""
    context = {"panel": panel, "href": address_of(panel, asked)}
    return render_to_string("components/panel_wait.html", context, asked.request)
