"""Is a dollar buying more or less? Spend and unit cost, week by week."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from finops.attribution.intervals import per_outcome
from finops.periods import Period

from .books import Books, Completed, read_books_by
from .kind_costs import PPM, credits_of, per_credit, rounded
from .shapes import Scope, Week

DAYS_OF_WEEK = 7
Teams = tuple[int, ...] | None


def weekly(scope: Scope, *, kind: str, weeks: int = 13, now: datetime) -> list[Week]:
    """Return the weeks that end with the scope's period, oldest first, those without money too.

    A week is seven days; the last one ends with the period. Spend is by the day of the cells,
    the unit cost by the day of completion with direct cost of any date.
    """
    (own,) = weekly_of(scope, [scope.teams], kind=kind, weeks=weeks, now=now)
    return own


def weekly_of(
    scope: Scope, groups: Sequence[Teams], *, kind: str, weeks: int = 13, now: datetime
) -> list[list[Week]]:
    """Return the same for several groups of teams (None: everybody), from one read of the books."""
    end = scope.period.end
    period = Period(end - timedelta(days=DAYS_OF_WEEK * weeks), end)
    wanted = None if None in groups else tuple({team for of in groups for team in of or ()})
    if scope.then is not None and len(groups) > 1:
        return [
            weekly_of(one_group(scope, teams), [teams], kind=kind, weeks=weeks, now=now)[0]
            for teams in groups
        ]
    books = read_books_by("week", replace(scope, period=period, teams=wanted), now=now)
    starts = [period.start + timedelta(days=DAYS_OF_WEEK * i) for i in range(weeks)]
    return [
        [week_of(start, of_teams(books.get(start, Books()), teams), kind) for start in starts]
        for teams in groups
    ]


def one_group(scope: Scope, teams: Teams) -> Scope:
    """Return the scope of one group; the tree of the time counts for the scope's own teams."""
    return scope if teams == scope.teams else replace(scope, teams=teams, then=None)


def of_teams(books: Books, teams: Teams) -> Books:
    """Return the money and the finished work of these teams alone."""
    if teams is None:
        return books
    return Books(
        money=[piece for piece in books.money if piece.team_id in teams],
        completed={at: done for at, done in books.completed.items() if at[0] in teams},
    )


def week_of(start: date, books: Books, kind: str) -> Week:
    done = sum((found for (_, of), found in books.completed.items() if of == kind), Completed())
    interval = per_outcome(done.nanos, done.credit / PPM, done.weeks, done.days)
    return Week(
        start=start,
        billed=sum(piece.nanos for piece in books.money if not piece.is_provisional),
        provisional=sum(piece.nanos for piece in books.money if piece.is_provisional),
        outcomes=credits_of(done.credit),
        direct=per_credit(done.nanos, done.credit) if done.credit else None,
        low=rounded(interval.low) if interval else None,
        high=rounded(interval.high) if interval else None,
    )
