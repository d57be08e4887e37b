"""Can the figures be trusted? How far each source reaches, and what of its money is uncertain."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from .books import FINE, scope_params
from .shapes import Scope, SourceTrust
from .sql_files import fetch

LATE_AFTER_DAYS = 3
LATE_BY_HAND_DAYS = 35  # a bill of last month that is uploaded by hand is due by now


@dataclass(frozen=True)
class Freshness:
    """How far one source reaches. Late: days behind, or over a month when it comes by hand."""

    source_id: int
    key: str
    name: str
    connector: str
    brings: str
    complete_to: date | None
    days_behind: int | None
    is_late: bool


def freshness(*, now: datetime) -> list[Freshness]:
    """Return every source that brings money, logs or work, by name."""
    return [fresh_source(*row, today=now.date()) for row in fetch("freshness")]


def fresh_source(
    source_id: int,
    key: str,
    name: str,
    connector: str,
    has_bill: bool,
    has_usage: bool,
    has_work: bool,
    complete_to: date | None,
    comes_by_itself: bool,
    *,
    today: date,
) -> Freshness:
    known = (("bill", has_bill), ("usage", has_usage), ("outcomes", has_work))
    if complete_to is not None:  # seats are billed ahead: their last days are still to come
        complete_to = min(complete_to, today - timedelta(days=1))
    behind = None if complete_to is None else (today - complete_to).days
    return Freshness(
        source_id=source_id,
        key=key,
        name=name,
        connector=connector,
        brings=", ".join(word for word, is_there in known if is_there).capitalize(),
        complete_to=complete_to,
        days_behind=behind,
        is_late=behind is not None
        and behind > (LATE_AFTER_DAYS if comes_by_itself else LATE_BY_HAND_DAYS),
    )


def sources(scope: Scope, *, now: datetime) -> list[SourceTrust]:
    """Return how far each source can be trusted for the period, the dearest first.

    A source belongs to the whole company: the scope's teams do not narrow it.
    """
    nothing = (0, 0, None, 0, 0)
    money: dict[int, tuple[int, int, Decimal | None, int, int]] = {
        source: (nanos, provisional, gap, unpriced, unknown)
        for source, nanos, provisional, gap, unpriced, unknown in fetch(
            *FINE, "trust", **scope_params(scope)
        )
    }
    found = [
        trust_of(source, *money.get(source.source_id, nothing)) for source in freshness(now=now)
    ]
    return sorted(found, key=lambda source: (-source.nanos, source.name))


def trust_of(
    source: Freshness,
    nanos: int,
    provisional: int,
    gap: Decimal | None,
    unpriced: int,
    unknown: int,
) -> SourceTrust:
    return SourceTrust(
        key=source.key,
        name=source.name,
        connector=source.connector,
        brings=source.brings,
        nanos=nanos,
        complete_to=source.complete_to,
        days_behind=source.days_behind,
        is_late=source.is_late,
        provisional=provisional,
        bill_against_usage=gap,
        unpriced=unpriced,
        unknown_identity=unknown,
    )
