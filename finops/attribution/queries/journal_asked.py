"""Which journal somebody means: "closing", a day or a time, in words of a command or an address."""

from datetime import UTC, date, datetime

from finops.periods import Period, month_of

from .adjustments import closing_of
from .journal import Asked
from .known import moment_of
from .shapes import CostColumn, NotKnownError

CLOSING = "closing"


def journal_asked(
    month: date,
    *,
    known_on: str = "",
    since: str = "",
    cost: CostColumn = "billed",
    is_accrued: bool = False,
    is_reversed: bool = False,
    now: datetime,
) -> Asked:
    """Return what was asked. Raises NotKnownError in words for a moment that cannot be asked.

    A whole journal is dated on the last day of its month, adjustments on the day they are known.
    """
    period = month_of(month)
    moment = moment_in(period, known_on, now)
    after = moment_in(period, since, now)
    if after and moment and after > moment:
        raise NotKnownError("What changed since a moment is asked for as known at a later one.")
    return Asked(
        month=period,
        day=(moment or now).astimezone(UTC).date() if after else period.last_day,
        known_on=moment,
        since=after,
        cost=cost,
        is_accrued=is_accrued,
        is_reversed=is_reversed,
    )


def moment_in(month: Period, text: str, now: datetime) -> datetime | None:
    if not text:
        return None
    if text != CLOSING:
        return moment_of(text, now=now)
    closing = closing_of(month.start)
    if closing is None:
        raise NotKnownError(f"{month.start:%B %Y} is not closed.")
    return closing.known_at
