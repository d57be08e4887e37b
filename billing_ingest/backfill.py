"""What a vendor still has when its account is connected: pulled window by window, the oldest first.

One job is one window; when it is done it queues the next. So a worker that dies loses a window at
most, and a vendor that fails stops the chain where it was.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from billing_ingest import jobs
from billing_ingest.connector import Connector
from billing_ingest.models import Job
from billing_ingest.registry import connector
from finops.ledger.models import Source

KIND = "backfill"
OPEN = (Job.State.WAITING, Job.State.RUNNING)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Progress:
    """How far a back-fill is."""

    job: Job  # the newest of the chain
    days: int
    done: int

    @property
    def is_open(self) -> bool:
        return self.job.state in OPEN

    @property
    def has_failed(self) -> bool:
        return self.job.state == Job.State.FAILED

    @property
    def day(self) -> date:
        """The first day of the window that is being pulled, or that failed."""
        return date.fromisoformat(self.job.args["first_day"])


def begin(source: Source, now: datetime, *, anew: bool = False) -> Job | None:
    """Queue the first window of everything that the vendor still has, up to today.

    A chain that failed goes on where it stopped, unless `anew`. None when there is nothing to
    pull, or a back-fill is under way.
    """
    vendor = connector(source.connector)
    if vendor.fetch is None or not vendor.history_days:
        return None
    with transaction.atomic():
        Source.objects.select_for_update().get(pk=source.pk)
        last = newest(source)
        if last and last.state in OPEN:
            return None
        if last and last.state == Job.State.FAILED and not anew:
            return jobs.enqueue(KIND, source=source, args=last.args, now=now)
        until = now.date() + DAY
        first = until - timedelta(days=vendor.history_days)
        return queue(source, vendor, first, first, until, now)


def follow(job: Job, now: datetime) -> Job | None:
    """Queue the window after this job's, once; None after the last."""
    source, args = job.source, job.args
    if source is None or args["end_day"] >= args["until"]:
        return None
    start, until = date.fromisoformat(args["end_day"]), date.fromisoformat(args["until"])
    later = source.jobs.filter(kind=KIND, pk__gt=job.pk, args__first_day=args["end_day"])
    if later.exists():
        return None
    begun = date.fromisoformat(args["begun"])
    return queue(source, connector(source.connector), begun, start, until, now)


def queue(
    source: Source, vendor: Connector, begun: date, start: date, until: date, now: datetime
) -> Job:
    next_month = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    end = until if vendor.history_by == "whole" else min(next_month, until)
    args = {
        "begun": begun.isoformat(), "first_day": start.isoformat(), "end_day": end.isoformat(),
        "until": until.isoformat(),
    }  # fmt: skip
    return jobs.enqueue(KIND, source=source, args=args, now=now)


def newest(source: Source) -> Job | None:
    return source.jobs.filter(kind=KIND).order_by("-pk").first()


def progress_of(source: Source) -> Progress | None:
    """How far the newest back-fill of the source is; None when there never was one."""
    job = newest(source)
    if job is None:
        return None
    begun, first, end, until = (
        date.fromisoformat(job.args[name]) for name in ("begun", "first_day", "end_day", "until")
    )
    reached = end if job.state == Job.State.DONE else first
    return Progress(job, (until - begun).days, (reached - begun).days)
