"""Half-open periods of days and the calendar the reports use. Pure: "today" is an argument."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, order=True)
class Period:
    """Days from start up to, but not including, end."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a period must end after it starts: {self.start} to {self.end}")

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    def previous(self) -> "Period":
        """Return the period before: the previous months for whole months, else as many days."""
        if self.start.day == 1 and self.end.day == 1:
            months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month
            return Period(add_months(self.start, -months), self.start)
        return Period(self.start - timedelta(days=self.days), self.start)

    def months(self) -> Iterator[date]:
        """Yield the first day of every month the period touches."""
        month = self.start.replace(day=1)
        while month < self.end:
            yield month
            month = add_months(month, 1)


def month_of(day: date) -> Period:
    """Return the calendar month that holds the day."""
    first = day.replace(day=1)
    return Period(first, add_months(first, 1))


def add_months(first_of_month: date, months: int) -> date:
    """Return the first day of the month that lies `months` away."""
    index = first_of_month.year * 12 + first_of_month.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
