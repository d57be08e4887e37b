"""The figures every report is made of, read from the rollups for a scope.

`Books` holds, for one stretch of days: the money by team, tier and fate, what was completed,
and what the team pools brought to each kind. Reports differ only in how they add it up.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from finops.attribution.intervals import Moments
from finops.money import split
from finops.outcomes.kinds import KINDS
from finops.periods import Period, add_months

from .shapes import ENDED, Scope
from .sql_files import fetch

Grain = Literal["whole", "month", "week"]
STEP_DAYS = {"whole": 1_000_000, "month": 1_000_000, "week": 7}
TIED = ("A", "B")
NOTHING = Moments()
# Statements that begin with the money of a period, the second pair with shared money spread.
COARSE, FINE = ("spend_coarse", "spend"), ("spend_fine", "spend")
FINE_MONEY = (*FINE, "money")
BOOKS = (*COARSE, "money", "pooled_by_kind", "completed", "books")


@dataclass(frozen=True)
class Money:
    """An amount of the reporting currency and what is known about it."""

    team_id: int | None
    tier: str
    reason: str
    kind: str
    fate: str
    is_provisional: bool
    nanos: int


@dataclass(frozen=True)
class Completed:
    """What was completed: credits in millionths, and the sums over team-weeks and team-days.

    The direct cost is in the moments; those of weeks and of days have the same c and n.
    """

    matured: int = 0
    durable: int = 0
    weeks: Moments = NOTHING
    days: Moments = NOTHING

    @property
    def credit(self) -> int:
        return self.days.n

    @property
    def nanos(self) -> int:
        return self.days.c

    def __add__(self, other: "Completed") -> "Completed":
        return Completed(
            self.matured + other.matured,
            self.durable + other.durable,
            self.weeks + other.weeks,
            self.days + other.days,
        )


TeamKind = tuple[int | None, str]


@dataclass
class Books:
    """The books of one stretch of days. `unconverted` is nanos by currency that has no rate."""

    money: list[Money] = field(default_factory=list)
    completed: dict[TeamKind, Completed] = field(default_factory=dict)
    pooled: dict[TeamKind, int] = field(default_factory=dict)
    unconverted: dict[str, int] = field(default_factory=dict)

    @cached_property
    def team_ids(self) -> set[int | None]:
        """Every team with money or a completed item, None included."""
        return {*self.spend, *(team for team, _ in self.completed)}

    @cached_property
    def spend(self) -> dict[int | None, int]:
        """All that each team was billed, provisional and shared money included."""
        return summed((m.team_id, m.nanos) for m in self.money)

    @cached_property
    def tied(self) -> dict[TeamKind, int]:
        """The A and B money of the period by team and kind."""
        return summed(((m.team_id, m.kind), m.nanos) for m in self.money if m.tier in TIED)

    @cached_property
    def ended(self) -> dict[TeamKind, int]:
        """The A and B money of the period in work that came to an end, by team and kind."""
        return summed(
            ((m.team_id, m.kind), m.nanos) for m in self.money if m.tier in TIED and m.fate in ENDED
        )

    @cached_property
    def overhead(self) -> dict[TeamKind, int]:
        """Each team's shared money, apportioned to kinds by their direct and pooled cost."""
        shares = summed((m.team_id, m.nanos) for m in self.money if m.tier == "D")
        parts: dict[TeamKind, int] = {}
        for team, nanos in shares.items():
            weights = self.weights_by_kind(team)
            if weights:
                parts |= {(team, kind): part for kind, part in split(nanos, weights).items()}
        return parts

    def weights_by_kind(self, team: int | None) -> dict[str, int]:
        """Return what a team's kinds weigh; those it finished count alike when nothing has cost."""
        kinds = {
            kind
            for at, kind in [*self.completed, *self.pooled]
            if at == team and (self.credit((at, kind)) or self.pooled.get((at, kind)))
        }
        weights = {
            kind: max(self.direct((team, kind)) + self.pooled.get((team, kind), 0), 0)
            for kind in kinds
        }
        return weights if any(weights.values()) else dict.fromkeys(kinds, 1)

    def credit(self, at: TeamKind) -> int:
        return self.completed[at].credit if at in self.completed else 0

    def direct(self, at: TeamKind) -> int:
        return self.completed[at].nanos if at in self.completed else 0


def summed(pairs: Iterable[tuple[Any, int]]) -> dict[Any, int]:
    """Add the amounts of equal keys."""
    sums: dict[Any, int] = defaultdict(int)
    for key, nanos in pairs:
        sums[key] += nanos
    return dict(sums)


def read_books(scope: Scope, *, now: datetime) -> Books:
    """Return the books of the scope's whole period."""
    return read_books_by("whole", scope, now=now).get(scope.period.start, Books())


def read_books_by(grain: Grain, scope: Scope, *, now: datetime) -> dict[date, Books]:
    """Return the books per stretch of the period, by its first day.

    Weeks are seven days each, counted from the period's start; months are calendar months, so
    the first may start before the period (it holds only the period's days).
    """
    books: dict[date, Books] = defaultdict(Books)
    windows = window_params(scope.known_on or now)
    for part, bucket, team, kind, word, reason, fate, is_provisional, found in rows_of(
        scope, *BOOKS, grain=grain, **windows
    ):
        sums = [int(number) for number in found]
        if part == "money":
            money = Money(team, word, reason, kind, fate, is_provisional, *sums)
            books[bucket].money.append(money)
        elif part == "pooled":
            add(books[bucket].pooled, (team, kind), sums[0])
        elif part == "unconverted":
            add(books[bucket].unconverted, word, sums[0])
        else:
            add_completed(books[bucket], (team, kind), word, sums)
    return dict(books)


def parts(scope: Scope) -> list[Scope]:
    """Return the scope as scopes of fixed teams: more than one when the tree changed meanwhile."""
    if scope.then is None:
        return [scope]
    return [
        replace(scope, period=period, teams=teams, then=None)
        for period, teams in scope.then.stretches(scope.period)
    ]


def rows_of(
    scope: Scope, *names: str, grain: Grain = "whole", **params: Any
) -> list[tuple[Any, ...]]:
    """Run the named files for each part of the scope. Equal keys may come once per part."""
    origin = {"origin": scope.period.start}
    return [
        row
        for part in parts(scope)
        for row in fetch(*names, **scope_params(part, grain) | origin | params)
    ]


def add(sums: dict[Any, int], key: Any, nanos: int) -> None:
    sums[key] = sums.get(key, 0) + nanos


def add_completed(books: Books, at: TeamKind, unit: str, sums: list[int]) -> None:
    matured, durable, *of_units = sums
    moments = Moments(*of_units)
    found = (
        Completed(weeks=moments)
        if unit == "week"
        else Completed(matured=matured, durable=durable, days=moments)
    )
    books.completed[at] = books.completed.get(at, Completed()) + found


def scope_params(scope: Scope, grain: Grain = "whole") -> dict[str, Any]:
    """Return what the statements of a scope ask for."""
    period = scope.period
    whole = None if grain == "week" else whole_months(period)
    return {
        "start": period.start,
        "end": period.end,
        "origin": period.start,  # where weeks are counted from
        "whole_start": whole.start if whole else period.start,
        "whole_end": whole.end if whole else period.start,
        "months_start": period.start.replace(day=1),
        "months_end": add_months(period.last_day.replace(day=1), 1),
        "teams": None if scope.teams is None else list(scope.teams),
        "effective": scope.cost == "effective",
        "by_month": grain == "month",
        "step": STEP_DAYS[grain],
        "known_on": scope.known_on,
    }


def dated_teams(scope: Scope) -> list[tuple[int, date, date]] | None:
    """Return which teams count from which day to which, for statements that read all parts at
    once; None for everybody."""
    if scope.teams is None and scope.then is None:
        return None
    return [
        (team, part.period.start, part.period.end)
        for part in parts(scope)
        for team in part.teams or ()
    ]


def asked_params(scope: Scope) -> dict[str, Any]:
    """Return the teams of the scope, each with the days on which it counts."""
    dated = dated_teams(scope)
    columns: list[Any] = [list(column) for column in zip(*dated or [], strict=True)] or [[]] * 3
    names = ("asked_teams", "asked_starts", "asked_ends")
    return dict(zip(names, columns if dated is not None else [None] * 3, strict=True))


def whole_months(period: Period) -> Period | None:
    """Return the calendar months that lie in the period with all their days."""
    first = period.start.replace(day=1)
    start = first if first == period.start else add_months(first, 1)
    end = period.end.replace(day=1)
    return Period(start, end) if start < end else None


def window_params(now: datetime) -> dict[str, Any]:
    """Return the durable windows and the time they are measured against."""
    windows: list[timedelta] = [kind.durable_after for kind in KINDS.values()]
    return {"now": now, "kinds": list(KINDS), "windows": windows}
