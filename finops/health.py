"""Answers for whoever watches the server: is it alive, and can it do work?"""

from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from kombu import Connection


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    """200 when the database and the broker answer, else 503."""
    problems = {"database": problem_of(ask_database), "broker": problem_of(ask_broker)}
    ok = not any(problems.values())
    return JsonResponse({"ready": ok, **problems}, status=200 if ok else 503)


def problem_of(ask: Callable[[], object]) -> str | None:
    """The name of what went wrong, without details: this page is open to everyone."""
    try:
        ask()
    except Exception as error:  # noqa: BLE001 - whatever is wrong, the answer is "not ready"
        return type(error).__name__
    return None


def ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def ask_broker() -> None:
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
