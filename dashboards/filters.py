"""What a page shows, read from its address and written back to it.

`?period=2026-10&against=2026-09&team=mobile&team=data&cost=effective`. A value that makes no
sense is replaced by the default and named in `problems`, so that a shared link never fails and
never lies either.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.http import QueryDict

from finops.attribution.queries.known import moment_of, names_known
from finops.attribution.queries.shapes import CostColumn, NotKnownError, Scope, TeamRef
from finops.attribution.queries.team_scope import Tree, with_teams_below
from finops.people.tree import Placement
from finops.periods import Period, add_months, month_of

YEAR = re.compile(r"(?:19|20)\d\d")
MONTH = re.compile(r"((?:19|20)\d\d)-(0[1-9]|1[0-2])")
QUARTER = re.compile(r"((?:19|20)\d\d)-Q([1-4])")
DAYS_MAX = 1100
NO_TEAM = "none"  # not a team to filter by; the list of lines reads it for itself


@dataclass(frozen=True)
class Problem:
    """A parameter that made no sense, and why."""

    name: str
    words: str


@dataclass(frozen=True)
class Nesting:
    """The dated tree of teams, which day is today, and which teams may be seen (None: all)."""

    placements: tuple[Placement, ...] = ()
    today: date = date.max
    seen: tuple[int, ...] | None = None


@dataclass(frozen=True)
class DashboardFilter:
    """The period, what it is compared with, the teams, the cost column and whose tree of teams.

    teams is empty for everybody. against is None when nothing is compared.
    """

    period: Period
    against: Period | None
    teams: tuple[TeamRef, ...] = ()
    cost: CostColumn = "billed"
    default_period: Period | None = None
    problems: tuple[Problem, ...] = ()
    known_on: datetime | None = None  # the books as they were known then
    known_text: str = ""  # the day or time as the address has it
    tree: Tree = "today"
    # Where the teams stand; it changes with the books, so no kept answer has to name it.
    nesting: Nesting = field(default_factory=Nesting, repr=False, compare=False)

    def scope(self, period: Period | None = None, teams: Sequence[int] | None = None) -> Scope:
        """The scope of a query; teams given here replace the ones of the filter."""
        chosen = tuple(teams) if teams is not None else tuple(t.id for t in self.teams if t.id)
        return with_teams_below(
            Scope(period or self.period, None, self.cost, self.known_on),
            chosen,
            self.nesting.placements,
            tree=self.tree,
            today=self.nesting.today,
            seen=self.nesting.seen,
        )

    def pairs(self) -> list[tuple[str, str]]:
        """The state as pairs of an address. The period is always written: its default moves on,
        and a link must show tomorrow what it shows today."""
        pairs = written_period(self.period)
        if self.against is None:
            pairs.append(("against", "none"))
        elif self.against != self.period.previous():
            pairs.append(("against", token_of(self.against)))
        pairs += [("team", team.slug) for team in self.teams]
        if self.cost != "billed":
            pairs.append(("cost", self.cost))
        if self.known_on:
            pairs.append(("known_on", self.known_text))
        if self.tree != "today":
            pairs.append(("tree", self.tree))
        return pairs

    def query(self, *extra: tuple[str, str]) -> str:
        """`?period=...` and whatever else is not at its default."""
        pairs = [*self.pairs(), *((name, value) for name, value in extra if value)]
        return f"?{urlencode(pairs)}"

    def as_known_now(self, words: str = "") -> "DashboardFilter":
        """The same without a moment in the past; `words` say why, when nobody asked for that."""
        problems = (*self.problems, Problem("known_on", words)) if words else self.problems
        return replace(self, known_on=None, known_text="", problems=problems)

    def with_period(self, period: Period) -> "DashboardFilter":
        """Another period; a comparison with the one before moves along, any other stays."""
        follows = self.against == self.period.previous()
        return replace(self, period=period, against=period.previous() if follows else self.against)


def read_filter(
    params: QueryDict,
    teams: Sequence[TeamRef],
    span: Period | None,
    today: date,
    nesting: Nesting | None = None,
) -> DashboardFilter:
    """Read the address of a page. `span` is the first to the last day of the books."""
    problems: list[Problem] = []
    default = default_period(span, today)
    period = read_period(params, default, problems)
    known = {team.slug: team for team in teams}
    wanted = [slug for text in params.getlist("team") for slug in text.split(",") if slug]
    wanted = [slug for slug in wanted if slug != NO_TEAM]
    problems += [
        Problem("team", f"There is no team {slug!r} here.") for slug in wanted if slug not in known
    ]
    chosen = tuple(known[slug] for slug in dict.fromkeys(wanted) if slug in known)
    cost = params.get("cost") or "billed"
    if cost not in ("billed", "effective"):
        problems.append(Problem("cost", f"{cost!r} is not billed or effective."))
    tree = params.get("tree") or "today"
    if tree not in ("today", "then"):
        problems.append(Problem("tree", f"{tree!r} is not today or then."))
    return DashboardFilter(
        period=period,
        against=read_against(params.get("against") or "", period, problems),
        teams=chosen,
        cost="effective" if cost == "effective" else "billed",
        default_period=default,
        problems=tuple(problems),
        tree="then" if tree == "then" else "today",
        nesting=nesting or Nesting(today=today),
    )


def with_moment(state: DashboardFilter, text: str, now: datetime) -> DashboardFilter:
    """The state as known on a day or at a time. A moment of which nothing is known is a problem."""
    if not text:
        return state
    try:
        moment = moment_of(text, now=now)
        tree = tuple(Placement(*placed) for placed in names_known(moment).placements)
    except NotKnownError as error:
        return state.as_known_now(str(error))
    nesting = replace(state.nesting, placements=tree, today=moment.date())
    return replace(state, known_on=moment, known_text=text, nesting=nesting)


def default_period(span: Period | None, today: date) -> Period:
    """The last whole month of the books; before there is one, the month that has money."""
    last_month = month_of(month_of(today).start - timedelta(days=1))
    if span is None:
        return month_of(today)
    if span.end <= last_month.start:
        return month_of(span.last_day)
    return last_month if span.start < last_month.end else month_of(span.start)


def read_period(params: QueryDict, default: Period, problems: list[Problem]) -> Period:
    """`period=`, or `from=` and `to=` (both days count)."""
    if params.get("from") or params.get("to"):
        return read_days(params.get("from") or "", params.get("to") or "", default, problems)
    text = params.get("period") or ""
    period = period_of(text)
    if text and period is None:
        words = f"{text!r} is not a period: write 2026-10, 2026-Q4, 2026 or two days."
        problems.append(Problem("period", words))
    return period or default


def read_days(first: str, last: str, default: Period, problems: list[Problem]) -> Period:
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last)
        period = Period(start, end + timedelta(days=1))
    except (ValueError, OverflowError):
        problems.append(Problem("from", f"{first!r} to {last!r} are not two days in order."))
        return default
    if period.days > DAYS_MAX:
        words = f"{period.days} days are more than a page shows: at most {DAYS_MAX}."
        problems.append(Problem("to", words))
        return default
    return period


def read_against(text: str, period: Period, problems: list[Problem]) -> Period | None:
    """previous (the default), year, none, or any period."""
    if text == "none":
        return None
    if text == "year":
        return a_year_before(period)
    given = period_of(text)
    if text not in ("", "previous") and given is None:
        problems.append(Problem("against", f"{text!r} is not a period to compare with."))
    return given or period.previous()


def period_of(text: str) -> Period | None:
    """The period that a token names: 2026-10, 2026-Q4, 2026 or 2026-10-01..2026-10-15."""
    if match := MONTH.fullmatch(text):
        return month_of(date(int(match[1]), int(match[2]), 1))
    if match := QUARTER.fullmatch(text):
        start = date(int(match[1]), int(match[2]) * 3 - 2, 1)
        return Period(start, add_months(start, 3))
    if YEAR.fullmatch(text):
        return Period(date(int(text), 1, 1), date(int(text) + 1, 1, 1))
    first, dots, last = text.partition("..")
    if not dots:
        return None
    try:
        return Period(date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1))
    except (ValueError, OverflowError):
        return None


def token_of(period: Period) -> str:
    """The shortest token that names the period."""
    start = period.start
    for token in (f"{start:%Y-%m}", f"{start.year}-Q{(start.month + 2) // 3}", f"{start.year}"):
        if period_of(token) == period:
            return token
    return f"{start}..{period.last_day}"


def written_period(period: Period) -> list[tuple[str, str]]:
    token = token_of(period)
    if ".." in token:
        return [("from", f"{period.start}"), ("to", f"{period.last_day}")]
    return [("period", token)]


def a_year_before(period: Period) -> Period:
    """The same months, or the same days 52 weeks earlier, so that weekdays match."""
    if period.start.day == 1 and period.end.day == 1:
        return Period(add_months(period.start, -12), add_months(period.end, -12))
    return Period(period.start - timedelta(weeks=52), period.end - timedelta(weeks=52))
