"""Unit cost per kind of outcome, from the books of a stretch of days."""

from collections.abc import Collection
from decimal import Decimal

from finops.attribution.intervals import Interval, at_least, per_outcome, wilson

from .books import Books, Completed
from .shapes import KindCost

PPM = 1_000_000
FEWEST_OUTCOMES = 10
RATE_DIGITS = Decimal("0.000001")


def kind_costs(
    books: Books, team_ids: Collection[int | None], *, tied_min: int
) -> dict[str, KindCost]:
    """Return the unit cost of every kind these teams completed or spent money on."""
    kinds = {
        kind
        for team, kind in [*books.completed, *books.tied]
        if team in team_ids
        and (
            books.credit((team, kind)) or books.tied.get((team, kind)) or books.direct((team, kind))
        )
    }
    is_tied = well_tied(books, team_ids, tied_min)
    return {
        kind: kind_cost(books, team_ids, kind, is_tied=is_tied, is_only=len(kinds) == 1)
        for kind in sorted(kinds)
    }


def kind_cost(
    books: Books, team_ids: Collection[int | None], kind: str, *, is_tied: bool, is_only: bool
) -> KindCost:
    """Return one kind's unit cost for some teams taken together."""
    keys = [(team, kind) for team in team_ids]
    done = sum((books.completed[key] for key in keys if key in books.completed), Completed())
    if done.credit == 0:
        spent = sum(
            books.spend.get(team, 0) if is_only else books.tied.get((team, kind), 0)
            for team in team_ids
        )
        return without_outcomes(done, spent)
    loaded = done.nanos + sum(books.pooled.get(key, 0) + books.overhead.get(key, 0) for key in keys)
    all_in = sum(books.spend.get(team, 0) for team, _ in keys if books.credit((team, kind)))
    interval = per_outcome(done.nanos, done.credit / PPM, done.weeks, done.days)
    lasting = wilson(done.durable / PPM, done.matured / PPM)
    has_verdict = done.credit >= FEWEST_OUTCOMES * PPM and is_tied
    return KindCost(
        outcomes=credits_of(done.credit),
        durable=credits_of(done.durable),
        matured=credits_of(done.matured),
        direct_nanos=done.nanos,
        direct=per_credit(done.nanos, done.credit),
        loaded=per_credit(loaded, done.credit),
        all_in=per_credit(all_in, done.credit),
        low=None if interval is None else rounded(interval.low),
        high=None if interval is None else rounded(interval.high),
        has_verdict=has_verdict,
        why_not=why_not(done, interval, is_tied=is_tied),
        ended_nanos=sum(books.ended.get(key, 0) for key in keys),
        durable_low=None if lasting is None else rate(lasting.low),
        durable_high=None if lasting is None else rate(lasting.high),
    )


def without_outcomes(done: Completed, spent: int) -> KindCost:
    """Return what can be said when nothing was completed: a lower bound, if money was spent."""
    return KindCost(
        outcomes=Decimal(0),
        durable=Decimal(0),
        direct_nanos=done.nanos,
        direct=None,
        loaded=None,
        all_in=None,
        low=rounded(at_least(spent)) if spent > 0 else None,
        high=None,
        has_verdict=False,
        why_not="no_outcomes",
    )


def why_not(done: Completed, interval: Interval | None, *, is_tied: bool) -> str:
    """Return why there is no verdict, or no interval."""
    if done.credit < FEWEST_OUTCOMES * PPM:
        return "few_outcomes"
    if not is_tied:
        return "little_tied"
    return "too_few_for_interval" if interval is None else ""


def well_tied(books: Books, team_ids: Collection[int | None], percent: int) -> bool:
    """Whether enough of these teams' money reached a work item by key or by person and time."""
    tied = sum(nanos for (team, _), nanos in books.tied.items() if team in team_ids)
    spent = sum(nanos for team, nanos in books.spend.items() if team in team_ids)
    return spent > 0 and tied * 100 >= percent * spent


def credits_of(ppm: int) -> Decimal:
    """Return millionths of an outcome as outcomes."""
    return Decimal(ppm) / PPM


def per_credit(nanos: int, ppm: int) -> Decimal:
    """Return nanos per outcome."""
    return Decimal(nanos) * PPM / Decimal(ppm)


def rate(bound: float) -> Decimal:
    """Return a bound of a rate at six decimals."""
    return Decimal(bound).quantize(RATE_DIGITS)


def rounded(bound: float) -> Decimal:
    """Return a bound of an interval in whole nanos."""
    return Decimal(round(bound))
