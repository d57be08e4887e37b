"""The unit cost report of two periods at once: a page nearly always shows a change."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from finops.people.models import Organisation
from finops.periods import Period, month_of

from .books import Books, read_books, read_books_by
from .organisation import team_refs
from .shapes import Scope, UnitCostReport, UnitCostRow
from .unit_costs import team_rows, whole_row


@dataclass(frozen=True)
class Comparison:
    """The report of a period, and the total and the rows of the period it is compared with."""

    now: UnitCostReport
    before: UnitCostRow | None
    rows_before: list[UnitCostRow]


def compared(
    scope: Scope,
    against: Period | None,
    *,
    by: Literal["team"] | None,
    now: datetime,
    company: Organisation,
) -> Comparison:
    """Return what unit_cost would say of the two periods. `against` None compares with nothing."""
    books, earlier = both(scope, against, now)
    refs = team_refs(scope.known_on) if by else {}
    report = UnitCostReport(
        currency=company.reporting_currency,
        total=whole_row("total", "Total", books, company),
        rows=team_rows(books, company, refs) if by else [],
        unconverted=books.unconverted,
    )
    if earlier is None:
        return Comparison(report, None, [])
    return Comparison(
        now=report,
        before=whole_row("total", "Total", earlier, company),
        rows_before=team_rows(earlier, company, refs) if by else [],
    )


def both(scope: Scope, against: Period | None, now: datetime) -> tuple[Books, Books | None]:
    """Read the books of both periods, in one go when they are two months in a row."""
    period = scope.period
    if against is None:
        return read_books(scope, now=now), None
    if period == month_of(period.start) and against == period.previous():
        span = replace(scope, period=Period(against.start, period.end))
        months = read_books_by("month", span, now=now)
        return months.get(period.start, Books()), months.get(against.start, Books())
    earlier = replace(scope, period=against)
    return read_books(scope, now=now), read_books(earlier, now=now)
