"""What happens by itself, and when.

Beat knows one thing: tick, every 30 seconds. What is due is decided here, from rows: a period is
named by its start (its slot), a slot is queued once, and a slot that nobody queued in time is
queued when beat is back. So two beats do no more than one, and a beat that was away loses nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

from django.db.models import Max, Q

from billing_ingest import jobs
from billing_ingest.models import Job
from billing_ingest.registry import connector
from finops.attribution.models import Dirty
from finops.ledger.models import Source
from finops.outside import archive
from finops.periods import Period

log = logging.getLogger(__name__)

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
# After a long absence the oldest of the missed pulls covers everything before it as well.
MOST_MISSED = 60
SPREAD_SECONDS = 300
PAUSE_AFTER_FAILURE = timedelta(minutes=30)


@dataclass(frozen=True)
class Schedule:
    """Something done once per period."""

    description: str
    period: timedelta
    run: Callable[[timedelta, datetime], None]


def tick(now: datetime) -> None:
    """Do what is due. One schedule that fails must not keep the others from running."""
    for schedule in SCHEDULES:
        try:
            schedule.run(schedule.period, now)
        except Exception:
            log.exception("schedule failed: %s", schedule.description)


def sweep(period: timedelta, now: datetime) -> None:
    jobs.sweep(now)


def sweep_scratch(period: timedelta, now: datetime) -> None:
    archive.sweep_scratch()


def queue_pulls(period: timedelta, now: datetime) -> None:
    """Queue one pull per scheduled source and period that ended and was not queued yet."""
    newest = Max("jobs__slot", filter=Q(jobs__kind="fetch"))
    current = slot_before(now, period)
    for source in Source.objects.filter(is_scheduled=True).annotate(newest_slot=newest):
        if source.newest_slot != name_of(current) and can_pull(source):
            queue_missed_pulls(source, source.newest_slot, period, now)


def spread(source: Source, slot: str) -> timedelta:
    """How long a source's pull waits, so that not all vendors are asked in the same second."""
    return crc32(f"{source.key} {slot}".encode()) % SPREAD_SECONDS * timedelta(seconds=1)


def can_pull(source: Source) -> bool:
    """Whether the source's connector is here and knows how to pull."""
    try:
        return connector(source.connector).fetch is not None
    except KeyError:
        return False


def queue_missed_pulls(
    source: Source, newest_slot: str | None, period: timedelta, now: datetime
) -> None:
    """Queue the pulls after `newest_slot` (just the current one when there is none) up to now.

    Each pull covers the days its period touches.
    """
    current = slot_before(now, period)
    first = current if newest_slot is None else datetime.fromisoformat(newest_slot) + period
    missed = max(0, (current - first) // period) + 1
    start = current - (min(missed, MOST_MISSED) - 1) * period
    first_day = first.date()
    while start <= current:
        window = Period(first_day, last_moment(start, period).date() + timedelta(days=1))
        slot = name_of(start)
        due_at = now + spread(source, slot)
        jobs.enqueue(
            "fetch", source=source, slot=slot, args=as_args(window), now=now, due_at=due_at
        )
        start += period
        first_day = start.date()


def queue_settle(period: timedelta, now: datetime) -> None:
    """Settle what nobody queued a settle for: files from the command line, new owners of keys.

    After a settle that failed for good there is a pause, or it would fail over and over.
    """
    if not Dirty.objects.exists():
        return
    is_open = Q(state__in=(Job.State.WAITING, Job.State.RUNNING))
    just_failed = Q(state=Job.State.FAILED, finished_at__gt=now - PAUSE_AFTER_FAILURE)
    if not Job.objects.filter(is_open | just_failed, kind="settle").exists():
        jobs.enqueue_settle(now)


def queue_verify(period: timedelta, now: datetime) -> None:
    """Prove the books once per night."""
    slot = name_of(slot_before(now, period))
    if not Job.objects.filter(kind="verify", slot=slot).exists():
        jobs.enqueue("verify", slot=slot, now=now)


def next_pull(now: datetime) -> datetime:
    """When the next period ends, and with it the next pull is queued."""
    return slot_before(now, PULL_EVERY) + 2 * PULL_EVERY


def slot_before(now: datetime, period: timedelta) -> datetime:
    """The start of the last period that has ended."""
    return EPOCH + ((now - EPOCH) // period - 1) * period


def last_moment(start: datetime, period: timedelta) -> datetime:
    return start + period - timedelta(microseconds=1)


def name_of(start: datetime) -> str:
    """A slot's name. Names of slots sort as their times do."""
    return start.isoformat(timespec="minutes")


def as_args(window: Period) -> dict[str, str]:
    """The window as a job's arguments; `window_of` reads them back."""
    return {"first_day": window.start.isoformat(), "end_day": window.end.isoformat()}


PULL_EVERY = timedelta(hours=6)

SCHEDULES = (
    Schedule("publish jobs that are due, end leases that ran out", timedelta(seconds=30), sweep),
    Schedule("remove what killed loads left behind", timedelta(seconds=30), sweep_scratch),
    Schedule("pull every scheduled source", PULL_EVERY, queue_pulls),
    Schedule("settle what is dirty", timedelta(seconds=30), queue_settle),
    Schedule("prove the books", timedelta(days=1), queue_verify),
)
