"""Jobs as rows: queued in the caller's transaction, held by a lease, finished by fence.

The broker carries nothing but a job's id. It may lose the id (sweep publishes it again), deliver
it four times (one claim succeeds) or deliver it late (the job is done by then). A worker that
dies leaves a lease that runs out; whoever claims the job next gets a higher fence, and with the
lower one nothing can be finished any more.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from kombu.exceptions import OperationalError as BrokerError

from billing_ingest.models import Job
from finops.celery import app
from finops.ledger.models import Import, Source

log = logging.getLogger(__name__)

MOST_TRIES = 3
# How long a job that raised waits before its second and its third try.
PAUSES = (timedelta(seconds=10), timedelta(seconds=60))
# How long a pull waits before it looks again whether its source is free.
BETWEEN_PULLS = timedelta(seconds=30)
# A sweep publishes at most this many, the oldest first; the rest come with a later sweep.
MOST_PUBLISHED = 200

WORKER_LOST: dict[str, Any] = {
    "code": "worker_lost",
    "message": f"The worker stopped without a word in the last of {MOST_TRIES} tries; it may have "
    "run out of memory. Nothing was booked.",
    "fix": "Give the worker more memory or split the file, then try again.",
}


class LeaseLostError(Exception):
    """Another worker holds the job by now: whatever this one did must not be kept."""


def enqueue(
    kind: str,
    *,
    now: datetime,
    imp: Import | None = None,
    source: Source | None = None,
    slot: str | None = None,
    args: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
) -> Job:
    """Queue a job in the caller's transaction and publish it when that commits.

    With a slot, the job is queued once per (kind, source, slot): later calls return the first.
    """
    values = {"imp": imp, "args": dict(args or {}), "due_at": due_at or now}
    if slot is None:
        job, is_new = Job.objects.create(kind=kind, source=source, **values), True
    else:
        job, is_new = Job.objects.get_or_create(
            kind=kind, source=source, slot=slot, defaults=values
        )
    if is_new and job.due_at <= now:
        transaction.on_commit(partial(publish, job.pk), robust=True)
    return job


def enqueue_settle(now: datetime) -> Job:
    """Queue a settle, unless one waits already that will start after the caller's commit.

    The waiting row stays locked until the caller commits. Were it claimed before that, it would
    not see what the caller is about to commit, and nobody else would come for it.
    """
    with transaction.atomic():
        while True:
            waiting = Job.objects.select_for_update().filter(
                kind="settle", state=Job.State.WAITING, tries=0
            )
            if job := waiting.first():
                return job
            try:
                with transaction.atomic():
                    return enqueue("settle", now=now)
            except IntegrityError:
                continue  # somebody else queued one at this moment


def publish(job_id: int, after: timedelta | None = None) -> bool:
    """Tell the workers about a job. False when the broker is away: a sweep will tell them."""
    task = "billing_ingest.tasks.run_job"
    try:
        if after is None:
            app.send_task(task, args=[job_id])
        else:
            app.send_task(task, args=[job_id], countdown=after.total_seconds())
    except (BrokerError, OSError) as error:
        log.warning("job %s waits for the next sweep, the broker is away: %s", job_id, error)
        return False
    return True


def claim(job_id: int, now: datetime) -> Job | None:
    """Take the job for one lease, if it is due and free; None when somebody else has it.

    A pull waits while another one asks the same source.
    """
    try:
        with transaction.atomic():
            taken = free(now).filter(pk=job_id, tries__lt=MOST_TRIES)
            if not taken.update(
                state=Job.State.RUNNING,
                fence=F("fence") + 1,
                tries=F("tries") + 1,
                lease_until=now + lease(),
                started_at=now,
                progress_rows=0,
            ):
                return None
            return Job.objects.select_related("imp__source", "source").get(pk=job_id)
    except IntegrityError:
        waiting = Job.objects.filter(pk=job_id, state=Job.State.WAITING)
        waiting.update(due_at=now + BETWEEN_PULLS)
        return None


def free(now: datetime) -> QuerySet[Job]:
    """Jobs that are due and that no live worker holds."""
    waits = Q(state=Job.State.WAITING)
    is_left = Q(state=Job.State.RUNNING, lease_until__lt=now)
    return Job.objects.filter(waits | is_left, due_at__lte=now)


def held(job: Job) -> QuerySet[Job]:
    """The job's row as long as nobody claimed it after us; empty from then on."""
    return Job.objects.filter(pk=job.pk, fence=job.fence, state=Job.State.RUNNING)


def lease() -> timedelta:
    return timedelta(seconds=settings.LEASE_SECONDS)


def finish(job: Job, now: datetime) -> None:
    """Mark the job done, in the transaction that holds its results.

    The row stays locked until that commits, so nobody can claim the job in between. Raises
    LeaseLostError, which must roll the results back, when somebody already did.
    """
    done = held(job).update(state=Job.State.DONE, finished_at=now, lease_until=None, error=None)
    if not done:
        raise LeaseLostError(f"job {job.pk} with fence {job.fence}")


def give_back(
    job: Job, error: dict[str, Any], now: datetime, at_least: timedelta = timedelta(0)
) -> None:
    """After a try that raised: let the job wait for the next one, or fail it after the last."""
    if job.tries >= MOST_TRIES:
        fail(job, error, now)
        return
    due_at = now + max(PAUSES[job.tries - 1], at_least)
    held(job).update(state=Job.State.WAITING, due_at=due_at, lease_until=None, error=error)


def fail(job: Job, error: dict[str, Any], now: datetime) -> None:
    """Give the job up, with the reason, and its import with it."""
    with transaction.atomic():
        failed = held(job).update(
            state=Job.State.FAILED, finished_at=now, lease_until=None, error=error
        )
        if failed and job.imp_id:
            open_states = (Import.State.CHECKING, Import.State.QUEUED, Import.State.RUNNING)
            Import.objects.filter(pk=job.imp_id, state__in=open_states).update(
                state=Import.State.REFUSED, errors=[error], finished_at=now
            )


def sweep(now: datetime) -> int:
    """Give up jobs whose last lease ran out; publish every other job that is due and free.

    Returns how many were published. Any number of sweeps at once is harmless.
    """
    with transaction.atomic():
        lost = Job.objects.select_for_update(skip_locked=True).filter(
            state=Job.State.RUNNING, lease_until__lt=now, tries__gte=MOST_TRIES
        )
        for job in lost:
            fail(job, WORKER_LOST, now)
    due = free(now).filter(tries__lt=MOST_TRIES).order_by("due_at", "pk")
    published = 0
    for job_id in due.values_list("pk", flat=True)[:MOST_PUBLISHED]:
        if not publish(job_id):
            break
        published += 1
    return published
