"""Jobs for tests of the queue: rows as the product writes them, and kinds that only tests know."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from billing_ingest import work
from billing_ingest.models import Job
from billing_ingest.work import Work

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
SOON = timedelta(seconds=1)
LATER = timedelta(seconds=121)  # the lease ran out by then


@pytest.fixture
def does(monkeypatch) -> Callable[..., None]:
    """Teach the workers a kind of job: does("paint", function, in_one_transaction=False)."""

    def teach(kind, do, *, in_one_transaction=False):
        monkeypatch.setitem(work.WORK, kind, Work(do, in_one_transaction))

    return teach


def job(kind: str = "paint", **values) -> Job:
    return Job.objects.create(kind=kind, **{"due_at": NOW - SOON, **values})
