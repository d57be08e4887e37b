"""The demo's time: twelve months up to yesterday, bills a few days late."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from finops.periods import Period, add_months, month_of

BILL_LAG_DAYS = 3  # the last days have usage but no bill
OFFICE_OPENS, OFFICE_CLOSES = 13, 22  # UTC: the company sits on the American east coast


@dataclass(frozen=True)
class Calendar:
    """Whole days from the first of the first month up to, not including, `today`."""

    today: date
    months_count: int = 12

    @cached_property
    def months(self) -> tuple[Period, ...]:
        """Return the months, the last one ending `today` at the latest."""
        last = (self.today - timedelta(days=1)).replace(day=1)
        firsts = [add_months(last, n - self.months_count + 1) for n in range(self.months_count)]
        return tuple(Period(first, min(month_of(first).end, self.today)) for first in firsts)

    @property
    def start(self) -> date:
        return self.months[0].start

    @property
    def now(self) -> datetime:
        """Midnight at the start of `today`: what happens later is not known yet."""
        return datetime.combine(self.today, time(), UTC)

    @property
    def billed_until(self) -> date:
        """First day that is not on a bill yet."""
        return self.today - timedelta(days=BILL_LAG_DAYS)

    def position(self, month: Period) -> float:
        """Return where the month stands in the year: 0.0 the first, 1.0 the last."""
        return self.months.index(month) / max(1, self.months_count - 1)

    def share_elapsed(self, month: Period) -> float:
        """Return how much of the calendar month's working days lies before `today`."""
        whole = month_of(month.start)
        return len(workdays(month)) / len(workdays(whole))

    def is_closed(self, month: Period) -> bool:
        """Tell whether the whole month is on the bill."""
        return month_of(month.start).end <= self.billed_until


def days(period: Period) -> list[date]:
    """Return every day of the period."""
    return [period.start + timedelta(days=n) for n in range(period.days)]


def workdays(period: Period) -> list[date]:
    """Return the days from Monday to Friday."""
    return [day for day in days(period) if day.weekday() < 5]


def office_time(rng: random.Random, day: date) -> datetime:
    """Return a moment of the day's office hours, to the second."""
    seconds = rng.randrange(OFFICE_OPENS * 3600, OFFICE_CLOSES * 3600)
    return datetime.combine(day, time(), UTC) + timedelta(seconds=seconds)


def at_work(moment: datetime) -> datetime:
    """Move a moment on a weekend to the Monday after, same time of day."""
    past_friday = moment.weekday() - 4
    return moment + timedelta(days=3 - past_friday) if past_friday > 0 else moment


def hour_of(moment: datetime) -> datetime:
    """Return the start of the hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def stamp(moment: datetime) -> str:
    """Write a moment as the vendors do: 2026-03-01T13:05:00Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def day_stamp(day: date) -> str:
    """Write midnight UTC of a day."""
    return f"{day.isoformat()}T00:00:00Z"
