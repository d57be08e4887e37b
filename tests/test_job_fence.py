"""The fence: nothing counts that comes from a worker whose job somebody else took over."""

import threading
import time

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from billing_ingest import jobs, work
from billing_ingest.lease import Lease
from billing_ingest.models import Job
from finops.ledger.models import Source
from tests.made_jobs import LATER, NOW, does, job

__all__ = ["does"]

pytestmark = pytest.mark.django_db


def test_a_worker_that_was_replaced_cannot_finish_the_job():
    old = jobs.claim(job().pk, NOW)
    new = jobs.claim(old.pk, NOW + LATER)
    with pytest.raises(jobs.LeaseLostError):
        jobs.finish(old, NOW + LATER)
    jobs.finish(new, NOW + LATER)
    new.refresh_from_db()
    assert new.state == Job.State.DONE


def test_a_worker_that_was_replaced_cannot_fail_or_return_the_job():
    old = jobs.claim(job().pk, NOW)
    jobs.claim(old.pk, NOW + LATER)
    jobs.give_back(old, {"code": "late"}, NOW + LATER)
    jobs.fail(old, {"code": "late"}, NOW + LATER)
    old.refresh_from_db()
    assert (old.state, old.error) == (Job.State.RUNNING, None)


def test_a_worker_that_was_replaced_commits_nothing(does):
    def paint_slowly(painted, lease):
        Source.objects.create(key="late", name="Late", connector="focus")
        # Meanwhile the lease runs out and somebody else takes the job.
        Job.objects.filter(pk=painted.pk).update(fence=painted.fence + 1)

    does("paint", paint_slowly, in_one_transaction=True)
    assert work.run(job().pk) is False
    assert not Source.objects.filter(key="late").exists()


def test_a_delivery_of_a_pull_is_not_booked_once_the_lease_is_lost():
    claimed = jobs.claim(job().pk, NOW)
    lease = Lease(claimed)
    with lease.transaction():
        Source.objects.create(key="in-time", name="In time", connector="focus")
    jobs.claim(claimed.pk, NOW + LATER)
    with pytest.raises(jobs.LeaseLostError), lease.transaction():
        Source.objects.create(key="late", name="Late", connector="focus")
    assert list(Source.objects.values_list("key", flat=True)) == ["in-time"]


@pytest.mark.django_db(transaction=True)
def test_nobody_claims_a_job_whose_results_are_being_committed():
    old = jobs.claim(job().pk, NOW)
    claims: list[Job | None] = []

    def claim_in_another_worker():
        claims.append(jobs.claim(old.pk, NOW + LATER))
        connection.close()

    rival = threading.Thread(target=claim_in_another_worker)
    with transaction.atomic():
        jobs.finish(old, NOW)
        rival.start()
        rival.join(0.3)
        assert rival.is_alive()  # waits for our commit
    rival.join(5)
    assert claims == [None]


@pytest.mark.django_db(transaction=True)
def test_a_busy_worker_keeps_its_lease_and_shows_its_progress(settings):
    settings.LEASE_SECONDS = 1
    claimed = jobs.claim(job().pk, timezone.now())
    with Lease(claimed) as lease, transaction.atomic():
        lease.progress(1234)
        time.sleep(2.2)
        assert jobs.claim(claimed.pk, timezone.now()) is None
        claimed.refresh_from_db()
        assert claimed.progress_rows == 1234
    time.sleep(1.1)
    assert jobs.claim(claimed.pk, timezone.now()) is not None


@pytest.mark.django_db(transaction=True)
def test_a_worker_learns_from_its_progress_that_it_was_replaced(settings):
    settings.LEASE_SECONDS = 1
    claimed = jobs.claim(job().pk, timezone.now())
    with Lease(claimed) as lease:
        Job.objects.update(fence=claimed.fence + 1)
        time.sleep(0.8)
        with pytest.raises(jobs.LeaseLostError):
            lease.progress(1)


def test_a_commit_whose_answer_got_lost_counts_once(does, monkeypatch):
    """The connection is cut after COMMIT was sent: the worker takes it for a failure."""

    def paint(painted, lease):
        Source.objects.create(key=f"wall-{painted.fence}", name="Wall", connector="focus")

    def commit_and_lose_the_answer(claimed, lease):
        really_do(claimed, lease)
        raise OperationalError("server closed the connection unexpectedly")

    really_do = work.do
    does("paint", paint, in_one_transaction=True)
    monkeypatch.setattr(work, "do", commit_and_lose_the_answer)
    waiting = job()
    assert work.run(waiting.pk) is False
    jobs.sweep(timezone.now() + LATER)
    assert work.run(waiting.pk) is False
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error) == (Job.State.DONE, None)
    assert Source.objects.count() == 1
