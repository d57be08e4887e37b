"""Jobs are rows: queued once, taken by one worker, tried three times, and never lost."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from billing_ingest import jobs, tasks, work
from billing_ingest.models import Job
from finops.ledger.models import Import, Source
from finops.outside.http import HttpError
from tests.made_jobs import LATER, NOW, SOON, does, job

__all__ = ["does"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def published(monkeypatch):
    """The ids that reached the broker, in order."""
    sent: list[int] = []
    monkeypatch.setattr(jobs.app, "send_task", lambda _name, args: sent.append(args[0]))
    return sent


def an_import(state: str = Import.State.QUEUED) -> Import:
    source = Source.objects.create(key="focus", name="FOCUS files", connector="focus")
    return Import.objects.create(
        source=source, state=state, filename="a.csv", sha256="0" * 64, size_bytes=1
    )


# --- queueing -----------------------------------------------------------------------------


def test_a_job_is_published_when_its_transaction_commits(
    published, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        queued = jobs.enqueue("paint", now=NOW)
        assert published == []
    assert published == [queued.pk]


def test_a_job_for_later_is_left_to_the_sweep(published, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        queued = jobs.enqueue("paint", now=NOW, due_at=NOW + LATER)
    assert published == []
    assert jobs.sweep(NOW) == 0
    assert jobs.sweep(NOW + LATER) == 1
    assert published == [queued.pk]


def test_a_broker_that_is_away_does_not_fail_the_request(
    monkeypatch, django_capture_on_commit_callbacks
):
    def away(name, args):
        raise BrokerError("connection refused")

    monkeypatch.setattr(jobs.app, "send_task", away)
    with django_capture_on_commit_callbacks(execute=True):
        queued = jobs.enqueue("paint", now=NOW)
    assert Job.objects.get(pk=queued.pk).state == Job.State.WAITING
    assert jobs.sweep(NOW) == 0


def test_a_slot_is_queued_once(published, django_capture_on_commit_callbacks):
    source = Source.objects.create(key="a", name="A", connector="focus")
    with django_capture_on_commit_callbacks(execute=True):
        first = jobs.enqueue("fetch", source=source, slot="2026-11-03", now=NOW)
        again = jobs.enqueue("fetch", source=source, slot="2026-11-03", now=NOW)
        other = jobs.enqueue("verify", slot="2026-11-03", now=NOW)
        other_again = jobs.enqueue("verify", slot="2026-11-03", now=NOW)
    assert first == again
    assert other == other_again
    assert published == [first.pk, other.pk]


# --- claiming -----------------------------------------------------------------------------


def test_a_claim_counts_the_try_and_raises_the_fence():
    waiting = job()
    claimed = jobs.claim(waiting.pk, NOW)
    assert claimed is not None
    assert (claimed.state, claimed.tries, claimed.fence) == (Job.State.RUNNING, 1, 1)
    assert claimed.lease_until == NOW + timedelta(seconds=120)


@pytest.mark.parametrize(
    "values",
    [
        {"due_at": NOW + SOON},
        {"state": Job.State.DONE},
        {"state": Job.State.FAILED},
        {"state": Job.State.RUNNING, "lease_until": NOW + SOON, "tries": 1},
        {"state": Job.State.RUNNING, "lease_until": NOW - SOON, "tries": 3},
    ],
    ids=["not due yet", "done", "failed", "held by another", "no try left"],
)
def test_a_job_that_is_not_free_is_not_claimed(values):
    assert jobs.claim(job(**values).pk, NOW) is None


def test_a_job_whose_lease_ran_out_is_claimed_with_a_higher_fence():
    held = job(state=Job.State.RUNNING, lease_until=NOW - SOON, tries=1, fence=1)
    claimed = jobs.claim(held.pk, NOW)
    assert claimed is not None
    assert (claimed.tries, claimed.fence) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_a_job_delivered_four_times_at_once_does_the_work_once(does):
    done: list[int] = []
    start = threading.Barrier(4)

    def paint(painted, lease):
        done.append(painted.pk)
        time.sleep(0.3)  # long enough for the other three to ask

    def deliver(job_id):
        try:
            start.wait()
            return work.run(job_id)
        finally:
            connection.close()

    does("paint", paint)
    waiting = job()
    with ThreadPoolExecutor(4) as workers:
        answers = list(workers.map(deliver, [waiting.pk] * 4))
    assert sorted(answers) == [False, False, False, True]
    assert done == [waiting.pk]
    waiting.refresh_from_db()
    assert (waiting.state, waiting.tries) == (Job.State.DONE, 1)


def test_the_celery_task_runs_the_job(does):
    seen: list[int] = []
    does("paint", lambda painted, _lease: seen.append(painted.pk))
    waiting = job()
    tasks.run_job(waiting.pk)
    assert seen == [waiting.pk]


# --- failing ------------------------------------------------------------------------------


def test_a_job_that_raises_waits_before_its_next_try(does):
    def spill(painted, lease):
        raise RuntimeError("paint everywhere")

    does("paint", spill)
    waiting = job()
    assert work.run(waiting.pk) is False
    waiting.refresh_from_db()
    assert waiting.state == Job.State.WAITING
    assert waiting.due_at > timezone.now() + timedelta(seconds=5)
    assert waiting.lease_until is None
    assert "paint everywhere" in waiting.error["message"]
    assert jobs.claim(waiting.pk, timezone.now()) is None


def test_after_three_tries_a_job_and_its_import_have_failed_with_the_reason(does):
    def spill(painted, lease):
        raise RuntimeError("paint everywhere")

    does("paint", spill)
    imp = an_import()
    waiting = job(imp=imp)
    for _ in range(3):
        Job.objects.update(due_at=NOW - SOON)
        work.run(waiting.pk)
    waiting.refresh_from_db()
    imp.refresh_from_db()
    assert (waiting.state, waiting.tries) == (Job.State.FAILED, 3)
    assert imp.state == Import.State.REFUSED
    assert "paint everywhere" in imp.errors[0]["message"]
    assert imp.finished_at is not None
    assert work.run(waiting.pk) is False


def test_what_a_job_did_before_it_raised_is_rolled_back(does):
    def spill(painted, lease):
        Source.objects.create(key="spilt", name="Spilt", connector="focus")
        raise RuntimeError("paint everywhere")

    does("paint", spill, in_one_transaction=True)
    work.run(job().pk)
    assert not Source.objects.filter(key="spilt").exists()


def test_a_job_that_ends_its_worker_three_times_is_failed_by_the_sweep(published):
    imp = an_import(Import.State.CHECKING)
    lost = job(imp=imp, state=Job.State.RUNNING, lease_until=NOW - SOON, tries=3, fence=3)
    other = job()
    assert jobs.sweep(NOW) == 1
    lost.refresh_from_db()
    imp.refresh_from_db()
    assert (lost.state, lost.error["code"]) == (Job.State.FAILED, "worker_lost")
    assert (imp.state, imp.errors[0]["code"]) == (Import.State.REFUSED, "worker_lost")
    assert published == [other.pk]


def test_a_failed_job_leaves_a_booked_import_alone(published):
    imp = an_import(Import.State.LOADED)
    job(imp=imp, state=Job.State.RUNNING, lease_until=NOW - SOON, tries=3)
    jobs.sweep(NOW)
    imp.refresh_from_db()
    assert imp.state == Import.State.LOADED


def test_a_vendor_that_refuses_the_key_is_not_asked_again(does):
    def ask(painted, lease):
        raise HttpError("invalid x-api-key", permanent=True, code="vendor_error")

    does("paint", ask)
    waiting = job()
    work.run(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.tries) == (Job.State.FAILED, 1)
    assert waiting.error["message"] == "invalid x-api-key"


@pytest.mark.django_db(transaction=True)
def test_books_that_do_not_tie_fail_the_nightly_proof_at_once():
    an_import(Import.State.LOADED)  # whose file was never archived
    nightly = job("verify")
    work.run(nightly.pk)
    nightly.refresh_from_db()
    assert (nightly.state, nightly.tries) == (Job.State.FAILED, 1)
    assert nightly.error["code"] == "books_do_not_tie"


@pytest.mark.django_db(transaction=True)
def test_books_that_tie_pass_the_nightly_proof():
    nightly = job("verify")
    assert work.run(nightly.pk) is True


def test_a_vendor_that_asks_for_patience_gets_it(does):
    def ask(painted, lease):
        raise HttpError("slow down", permanent=False, code="rate_limited", retry_after=600)

    does("paint", ask)
    waiting = job()
    work.run(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.state == Job.State.WAITING
    assert waiting.due_at > timezone.now() + timedelta(seconds=590)


# --- settle -------------------------------------------------------------------------------


def test_many_loads_queue_one_settle(published, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        first = jobs.enqueue_settle(NOW)
        assert jobs.enqueue_settle(NOW) == first
    assert published == [first.pk]


def test_a_settle_that_already_runs_is_followed_by_another(published):
    running = jobs.enqueue_settle(NOW)
    jobs.claim(running.pk, NOW)
    assert jobs.enqueue_settle(NOW) != running


def test_a_settle_that_waits_for_its_second_try_does_not_stop_a_new_one(published):
    tried = jobs.claim(jobs.enqueue_settle(NOW).pk, NOW)
    fresh = jobs.enqueue_settle(NOW)
    jobs.give_back(tried, {"code": "x"}, NOW)
    assert jobs.enqueue_settle(NOW) == fresh


@pytest.mark.django_db(transaction=True)
def test_a_waiting_settle_does_not_start_before_what_it_shall_see_is_committed(published):
    waiting = jobs.enqueue_settle(NOW)
    claims: list[Job | None] = []

    def claim_in_another_worker():
        claims.append(jobs.claim(waiting.pk, NOW))
        connection.close()

    rival = threading.Thread(target=claim_in_another_worker)
    with transaction.atomic():
        Source.objects.create(key="new-facts", name="New facts", connector="focus")
        assert jobs.enqueue_settle(NOW) == waiting
        rival.start()
        rival.join(0.3)
        assert rival.is_alive()
    rival.join(5)
    assert claims == [waiting]


@pytest.mark.django_db(transaction=True)
def test_loads_that_end_at_the_same_moment_queue_one_settle(published):
    start = threading.Barrier(6)

    def end_a_load(_):
        try:
            start.wait()
            with transaction.atomic():
                return jobs.enqueue_settle(NOW).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as loads:
        found = set(loads.map(end_a_load, range(6)))
    assert len(found) == 1
    assert Job.objects.filter(kind="settle").count() == 1


# --- sweeping -----------------------------------------------------------------------------


def test_a_sweep_publishes_what_is_due_and_free(published):
    waiting = job()
    left = job(state=Job.State.RUNNING, lease_until=NOW - SOON, tries=1)
    job(state=Job.State.RUNNING, lease_until=NOW + SOON, tries=1)
    job(state=Job.State.DONE)
    job(due_at=NOW + SOON)
    assert jobs.sweep(NOW) == 2
    assert set(published) == {waiting.pk, left.pk}


def test_a_sweep_asks_the_same_of_the_database_however_many_jobs_wait(
    published, django_assert_num_queries
):
    for _ in range(30):
        job()
    with django_assert_num_queries(4):  # savepoint, lost jobs, release, due jobs
        jobs.sweep(NOW)
