"""The two pages that a watcher asks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing_ingest.models import Job
from finops import health

pytestmark = pytest.mark.django_db


def waiting_job(seconds: int) -> Job:
    return Job.objects.create(kind="fetch", due_at=timezone.now() - timedelta(seconds=seconds))


def running_job(lease_seconds: int) -> Job:
    now = timezone.now()
    return Job.objects.create(
        kind="load",
        state=Job.State.RUNNING,
        due_at=now - timedelta(hours=1),
        lease_until=now + timedelta(seconds=lease_seconds),
    )


def test_alive_needs_nothing(client):
    assert client.get("/healthz").content == b"ok\n"


def test_ready_when_nothing_waits(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "database": "ok",
        "broker": "ok",
        "oldest_unclaimed_job_seconds": 0,
        "running_jobs": 0,
        "jobs_are_stuck": False,
    }


def test_job_that_nobody_takes_makes_it_unready(client):
    waiting_job(seconds=health.STUCK_AFTER_SECONDS + 60)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["jobs_are_stuck"] is True
    assert answer.json()["oldest_unclaimed_job_seconds"] >= health.STUCK_AFTER_SECONDS + 60


def test_long_queue_behind_a_busy_worker_is_not_stuck(client):
    waiting_job(seconds=health.STUCK_AFTER_SECONDS + 60)
    running_job(lease_seconds=60)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["running_jobs"]) == (200, 1)


def test_job_whose_lease_ended_long_ago_counts_as_unclaimed(client):
    running_job(lease_seconds=-health.STUCK_AFTER_SECONDS - 60)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["running_jobs"]) == (503, 0)


def test_job_due_later_does_not_wait(client):
    waiting_job(seconds=-3600)
    assert client.get("/readyz").json()["oldest_unclaimed_job_seconds"] == 0


def test_unreachable_broker_is_named_without_details(client, settings):
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/redis.sock"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["broker"] == "OperationalError"
    assert "nowhere" not in answer.content.decode()
