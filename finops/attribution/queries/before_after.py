"""Did it get better because of a change, or would it have anyway? Two groups of teams, month by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from finops.attribution.before_after import Series, difference_in_differences
from finops.periods import month_of

from .books import Books, read_books_by
from .kind_costs import FEWEST_OUTCOMES, kind_costs
from .organisation import organisation
from .shapes import KindCost, Scope


@dataclass(frozen=True)
class MonthPair:
    """One month of both groups: their unit costs of the kind (None: no such work, no such money)."""

    month: date
    is_after: bool
    treated: KindCost | None
    control: KindCost | None

    @property
    def gap(self) -> Decimal | None:
        """How much more the treated paid per outcome, in nanos."""
        here, there = direct(self.treated), direct(self.control)
        return None if here is None or there is None else here - there


@dataclass(frozen=True)
class BeforeAfter:
    """The change of the treated less the change of the control, in nanos per outcome, at 95 %.

    why_not: no_months (on one side), no_outcomes (in some month), few_outcomes (under ten of a
    group before or after), few_periods_before, not_parallel, too_early; empty where the figure is
    a verdict. Without months or outcomes there is no figure either.
    """

    kind: str
    months: list[MonthPair]
    difference: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    why_not: str = ""


def before_after(
    treated: Scope, control: Scope, *, kind: str, changed_on: date, now: datetime
) -> BeforeAfter:
    """Compare direct cost per outcome before and after a day, against a control.

    Both scopes have the same period; its whole months count that are over. The month in which the
    change fell belongs to neither side.
    """
    pairs = month_pairs(treated, control, kind, changed_on, now)
    before = [pair for pair in pairs if not pair.is_after]
    after = [pair for pair in pairs if pair.is_after]
    if not before or not after:
        return BeforeAfter(kind, pairs, why_not="no_months")
    if any(pair.gap is None for pair in pairs):
        return BeforeAfter(kind, pairs, why_not="no_outcomes")
    effect = difference_in_differences(
        Series(figures(before, "treated"), figures(after, "treated")),
        Series(figures(before, "control"), figures(after, "control")),
        weeks_since=(month_of(after[-1].month).end - changed_on).days // 7,
    )
    return BeforeAfter(
        kind,
        pairs,
        difference=Decimal(effect.difference),
        low=Decimal(effect.interval.low) if effect.interval else None,
        high=Decimal(effect.interval.high) if effect.interval else None,
        why_not="few_outcomes" if are_few(before) or are_few(after) else effect.why_not,
    )


def month_pairs(
    treated: Scope, control: Scope, kind: str, changed_on: date, now: datetime
) -> list[MonthPair]:
    """Return the months that are wholly in the period, over, and on one side of the change."""
    costs, against = monthly(treated, kind, now), monthly(control, kind, now)
    pairs = []
    for first in treated.period.months():
        month = month_of(first)
        is_whole = treated.period.start <= month.start and month.end <= treated.period.end
        is_after = month.start >= changed_on
        if is_whole and month.end <= now.date() and (is_after or month.end <= changed_on):
            pairs.append(MonthPair(month.start, is_after, costs.get(first), against.get(first)))
    return pairs


def monthly(scope: Scope, kind: str, now: datetime) -> dict[date, KindCost]:
    """Return the kind's unit cost in each month that had any of its work."""
    tied_min = organisation().tied_percent_min
    months: dict[date, Books] = read_books_by("month", scope, now=now)
    found = {
        month: kind_costs(books, books.team_ids, tied_min=tied_min)
        for month, books in months.items()
    }
    return {month: kinds[kind] for month, kinds in found.items() if kind in kinds}


def direct(cost: KindCost | None) -> Decimal | None:
    return cost.direct if cost else None


def figures(pairs: Sequence[MonthPair], group: str) -> list[float]:
    return [float(direct(getattr(pair, group)) or 0) for pair in pairs]


def are_few(pairs: Sequence[MonthPair]) -> bool:
    """Whether one of the groups had under ten outcomes in all of these months."""
    groups = ([pair.treated for pair in pairs], [pair.control for pair in pairs])
    numbers = [sum((cost.outcomes for cost in group if cost), Decimal(0)) for group in groups]
    return min(numbers) < FEWEST_OUTCOMES
