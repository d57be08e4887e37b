"""What the kinds of jobs do, and running one of them.

A work function may run again after it ran halfway: each must come to the same end then.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing_ingest import backfill, inbox, jobs, load
from billing_ingest.lease import Lease
from billing_ingest.models import Job
from billing_ingest.pull import pull
from finops.attribution.settle import settle
from finops.attribution.verify.books import verify
from finops.ledger.models import Import, Source
from finops.outside.http import HttpError
from finops.periods import Period

log = logging.getLogger(__name__)

LONGEST_REASON = 300


class NotAgainError(Exception):
    """The job has failed and another try would not help: the reason as an error dict."""

    def __init__(self, reason: dict[str, Any]) -> None:
        super().__init__(reason["message"])
        self.reason = reason


@dataclass(frozen=True)
class Work:
    """What to do for a kind of job. In one transaction: its results and its end, or neither."""

    do: Callable[[Job, Lease], None]
    in_one_transaction: bool


def run(job_id: int) -> bool:
    """Claim the job and do its work. False when there was nothing to do, or it did not succeed."""
    job = jobs.claim(job_id, timezone.now())
    if job is None:
        return False
    try:
        with Lease(job) as lease:
            do(job, lease)
    except jobs.LeaseLostError as error:
        log.warning("dropped the work of %s: another worker took over", error)
        return False
    except NotAgainError as error:
        log.error("job %s (%s) failed: %s", job.pk, job.kind, error)
        jobs.fail(job, error.reason, timezone.now())
        return False
    except HttpError as error:
        log.warning("job %s (%s) got no answer: %s", job.pk, job.kind, error)
        if error.permanent:
            jobs.fail(job, vendors_reason(error), timezone.now())
        else:
            asked = timedelta(seconds=error.retry_after or 0)
            jobs.give_back(job, vendors_reason(error), timezone.now(), asked)
        return False
    except Exception as error:
        log.exception("job %s (%s) raised in try %s", job.pk, job.kind, job.tries)
        jobs.give_back(job, reason(error), timezone.now())
        return False
    return True


def do(job: Job, lease: Lease) -> None:
    """Do the work and finish the job. Raises what the work raises, and LeaseLostError."""
    work = WORK[job.kind]
    around: AbstractContextManager[Any] = (
        transaction.atomic() if work.in_one_transaction else nullcontext()
    )
    with around:
        work.do(job, lease)
        jobs.finish(job, timezone.now())


def vendors_reason(error: HttpError) -> dict[str, Any]:
    """Why a vendor gave nothing, in its own words."""
    fix = "Correct the connection, then pull again." if error.permanent else "It is tried again."
    return {"code": error.code, "message": str(error), "fix": fix}


def reason(error: Exception) -> dict[str, Any]:
    """Why a try failed, in the shape of every other error."""
    said = str(error).partition("\n")[0]  # what follows quotes the statement
    words = f"{type(error).__name__}: {said}"
    return {
        "code": "internal_error",
        "message": f"Something went wrong on our side: {words[:LONGEST_REASON]}",
        "fix": "Try again; if it comes back, the worker's log has the details.",
    }


def check(job: Job, lease: Lease) -> None:
    """Read an upload and say what it holds and would change. Books nothing."""
    imp = the_import(job)
    if imp.state != Import.State.CHECKING:
        return
    load.check(imp)
    if imp.state == Import.State.READY and (twin := load.active_twin(imp)):
        imp.duplicate_of = twin
        imp.save(update_fields=["duplicate_of"])


def load_import(job: Job, lease: Lease) -> None:
    """Book an import; when that changed the books, settle is next."""
    is_yes = bool(job.args.get("allow_shrink"))
    imp = load.load(the_import(job), allow_shrink=is_yes, progress=lease.progress)
    if imp.state == Import.State.LOADED:
        jobs.enqueue_settle(timezone.now())


def settle_what_is_dirty(job: Job, lease: Lease) -> None:
    settle(now=timezone.now())


def fetch(job: Job, lease: Lease) -> None:
    """Pull a window from a vendor. Each delivery is booked on its own, fenced like the job."""
    imports = pull(the_source(job), window_of(job), inside=lease.transaction)
    if any(imp.state == Import.State.LOADED for imp in imports):
        jobs.enqueue_settle(timezone.now())


def fill_back(job: Job, lease: Lease) -> None:
    """Pull one window of what the vendor still has, and queue the next one."""
    source = the_source(job)
    imports = pull(source, window_of(job), trailing=False, inside=lease.transaction)
    if any(imp.state == Import.State.LOADED for imp in imports):
        jobs.enqueue_settle(timezone.now())
    backfill.follow(job, timezone.now())


def process_inbox(job: Job, lease: Lease) -> None:
    """Apply the deliveries that a source's webhook stored."""
    inbox.process(the_source(job))


def verify_books(job: Job, lease: Lease) -> None:
    """Prove the books; what does not tie is for people to look at, so it is not tried again."""
    verdict = verify()
    if not verdict.ok:
        count = len(verdict.violations)
        raise NotAgainError(
            {
                "code": "books_do_not_tie",
                "message": f"{count} sums in the books do not tie, first: {verdict.violations[0]}",
                "fix": "Run `manage.py verify_books` for all of them.",
            }
        )


def the_import(job: Job) -> Import:
    if job.imp is None:
        raise ValueError(f"{job.kind} job {job.pk} names no import")
    return job.imp


def the_source(job: Job) -> Source:
    if job.source is None:
        raise ValueError(f"{job.kind} job {job.pk} names no source")
    return job.source


def window_of(job: Job) -> Period:
    """The days a fetch job covers, as `schedule.as_args` wrote them."""
    first_day, end_day = (date.fromisoformat(job.args[name]) for name in ("first_day", "end_day"))
    return Period(first_day, end_day)


WORK = {
    "check": Work(check, in_one_transaction=True),
    "load": Work(load_import, in_one_transaction=True),
    "settle": Work(settle_what_is_dirty, in_one_transaction=False),
    "fetch": Work(fetch, in_one_transaction=False),
    "backfill": Work(fill_back, in_one_transaction=False),
    "inbox": Work(process_inbox, in_one_transaction=False),
    "verify": Work(verify_books, in_one_transaction=False),
}
