"""How far off were past provisional figures? From the history of what was posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from finops.periods import Period

from .sql_files import fetch


@dataclass(frozen=True)
class ProvisionalDay:
    """A day of a source that was provisional until its bill came. Nanos, reporting currency."""

    source_id: int
    day: date
    provisional: int  # what was shown last
    billed: int  # what the bill said then

    @property
    def off_by(self) -> Decimal:
        """(billed - provisional) / provisional: positive when the bill was higher."""
        return Decimal(self.billed - self.provisional) / self.provisional


@dataclass(frozen=True)
class Accuracy:
    """What provisional days ended as. `middle` is the median error, `worst` the largest by size."""

    days: int
    provisional: int
    billed: int
    middle: Decimal
    worst: Decimal
    worst_day: date


def past_days(period: Period, source_id: int | None = None) -> list[ProvisionalDay]:
    """Return the days whose provisional money was replaced, the oldest first."""
    rows = fetch("provisional", start=period.start, end=period.end, source=source_id)
    return [ProvisionalDay(*row) for row in rows]


def accuracy(days: Sequence[ProvisionalDay]) -> Accuracy | None:
    """Return how far off these days were together; None when there are none."""
    if not days:
        return None
    worst = max(days, key=lambda day: (abs(day.off_by), day.day))
    return Accuracy(
        days=len(days),
        provisional=sum(day.provisional for day in days),
        billed=sum(day.billed for day in days),
        middle=median(day.off_by for day in days),
        worst=worst.off_by,
        worst_day=worst.day,
    )
