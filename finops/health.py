"""Answers for whoever watches the server: is it alive, and does its work get done?

Both pages are open to everyone, so they name what is wrong and give no details.
"""

from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from kombu import Connection

T = TypeVar("T")

# While nobody works, a job that waits this long shows that no worker takes jobs any more.
STUCK_AFTER_SECONDS = 5 * 60

JOBS = """
SELECT coalesce(extract(epoch FROM now() - min(coalesce(lease_until, due_at))
                        FILTER (WHERE lease_until IS NULL OR lease_until < now())), 0)::integer,
       count(*) FILTER (WHERE state = 'running' AND lease_until >= now())
FROM billing_ingest_job
WHERE state IN ('waiting', 'running') AND due_at <= now()
"""


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    """200 when database and broker answer and jobs are being taken, else 503."""
    database, jobs = outcome_of(ask_jobs)
    broker, _ = outcome_of(ask_broker)
    waiting, running = jobs or (None, None)
    is_stuck = bool(waiting and waiting > STUCK_AFTER_SECONDS and not running)
    ok = not (database or broker or is_stuck)
    body = {
        "ready": ok,
        "database": database or "ok",
        "broker": broker or "ok",
        "oldest_unclaimed_job_seconds": waiting,
        "running_jobs": running,
        "jobs_are_stuck": is_stuck,
    }
    return JsonResponse(body, status=200 if ok else 503)


def outcome_of(ask: Callable[[], T]) -> tuple[str | None, T | None]:
    """The kind of trouble if there was any, and the answer."""
    try:
        return None, ask()
    except Exception as error:  # noqa: BLE001 - whatever is wrong, the page says "not ready"
        return type(error).__name__, None


def ask_jobs() -> tuple[int, int]:
    """Seconds the oldest unclaimed job has waited, and how many jobs are at work."""
    with connection.cursor() as cursor:
        cursor.execute(JOBS)
        waiting, running = cursor.fetchone()
    return waiting, running


def ask_broker() -> None:
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
