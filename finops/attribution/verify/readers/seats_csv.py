"""Our list of seats: what it says is billed, reckoned once more from days and prices."""

import calendar
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import IO

from finops.attribution.verify.reading import EXACT, FileSums, UnreadableError, csv_rows, decimal

NANO = Decimal("1e-9")


@dataclass(frozen=True)
class Seat:
    """A priced line. No end: open."""

    since: date
    ended: date | None
    active_on: date | None
    renewal: date | None
    nanos: int
    currency: str
    is_yearly: bool

    @property
    def anniversary(self) -> date | None:
        """The day on which terms begin that are paid at once."""
        return self.renewal if self.is_yearly else None


def seats(text: IO[str], sums: FileSums) -> None:
    """Count the seats, and the charges of those with a price."""
    header, rows = csv_rows(text)
    if "assigned_from" not in header:
        raise UnreadableError("assigned_from is not among the columns")
    by_vendor: dict[str, list[Seat]] = defaultdict(list)
    for row in rows:
        said = dict(zip(header, map(str.strip, row), strict=True))
        sums.rows += 1
        if said.get("price"):
            by_vendor[said["vendor"]].append(_seat(said))
    for priced in by_vendor.values():
        told = max(day for one in priced for day in (one.since, one.active_on) if day)
        for one in priced:
            for nanos in _billed(one, told):
                sums.bill(one.currency, EXACT.multiply(Decimal(nanos), NANO))


def _seat(said: dict[str, str]) -> Seat:
    active = said.get("last_active_at")
    return Seat(
        since=date.fromisoformat(said["assigned_from"]),
        ended=_day(said.get("assigned_to")),
        active_on=_in_utc(active) if active else None,
        renewal=_day(said.get("renewal_date")),
        nanos=int(decimal(said["price"]).scaleb(9, EXACT)),
        currency=said.get("currency", "").upper(),
        is_yearly=said.get("period", "").lower() == "year",
    )


def _billed(seat: Seat, told: date) -> Iterator[int]:
    """Yield what each charge bills; a month that a prepaid term is used in bills nothing."""
    until = seat.ended or _paid_to(seat, told)
    if begins := seat.anniversary:
        for years in range(seat.since.year - begins.year - 1, until.year - begins.year + 1):
            start, end = _years_on(begins, years), _years_on(begins, years + 1)
            first, last = max(seat.since, start), min(until, end)
            if first < last:
                yield _part(seat.nanos, (last - first).days, (end - start).days)
                yield from (0 for _ in _months(first, last))
        return
    for first, last in _months(seat.since, until):
        days = calendar.monthrange(first.year, first.month)[1]
        yield _part(seat.nanos, (last - first).days, days * (12 if seat.is_yearly else 1))


def _paid_to(seat: Seat, told: date) -> date:
    if begins := seat.anniversary:
        years = 0
        while _years_on(begins, years) <= told:
            years += 1
        return _years_on(begins, years)
    month_end = _next_month(told)
    return max(seat.renewal, month_end) if seat.renewal else month_end


def _months(start: date, end: date) -> Iterator[tuple[date, date]]:
    while start < end:
        following = min(_next_month(start), end)
        yield start, following
        start = following


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _years_on(day: date, years: int) -> date:
    last = calendar.monthrange(day.year + years, day.month)[1]
    return day.replace(year=day.year + years, day=min(day.day, last))


def _part(nanos: int, share: int, whole: int) -> int:
    """Round halves up."""
    return (nanos * share * 2 + whole) // (whole * 2)


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def _in_utc(said: str) -> date:
    moment = datetime.fromisoformat(said)
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date()


READERS = {"seats": seats}
