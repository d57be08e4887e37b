"""Connecting an account pulls what the vendor still has: window by window, the oldest first."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from billing_ingest import backfill, jobs, pull, work
from billing_ingest.connector import Connector, Fetched
from billing_ingest.models import Job
from finops.ledger.models import Source
from finops.outside.http import HttpError
from finops.people.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 3, 12, 1, tzinfo=UTC)


class Vendor:
    """A vendor that remembers what it was asked for, and fails in a month if it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[date, date]] = []
        self.failing: date | None = None

    def fetch(self, outside, first_day, end_day):
        if self.failing == first_day:
            raise HttpError("api answered 403: no", permanent=True)
        self.asked.append((first_day, end_day))
        return iter(list[Fetched]())


@pytest.fixture
def vendor(monkeypatch):
    known = Vendor()
    described = Connector(
        slug="vendor", label="A vendor", folder=Path(), brings=("charges",), documents=(),
        trailing_days=3, history_days=70, fetch=known.fetch,
    )  # fmt: skip
    for module in (backfill, pull):
        monkeypatch.setattr(module, "connector", lambda _slug: described)
    monkeypatch.setattr(pull, "secret_of", lambda _source: "key")
    monkeypatch.setattr(jobs.app, "send_task", lambda _name, **_: None)
    known.described = described
    return known


@pytest.fixture
def source() -> Source:
    return Source.objects.create(key="v", name="V", connector="vendor")


def run_all(source: Source) -> None:
    """Work off what waits, as workers would."""
    while job := source.jobs.filter(state=Job.State.WAITING).order_by("pk").first():
        work.run(job.pk)


def test_history_comes_month_by_month_the_oldest_first(vendor, source):
    backfill.begin(source, NOW)
    run_all(source)

    assert vendor.asked == [
        (date(2026, 8, 26), date(2026, 9, 1)), (date(2026, 9, 1), date(2026, 10, 1)),
        (date(2026, 10, 1), date(2026, 11, 1)), (date(2026, 11, 1), date(2026, 11, 4)),
    ]  # fmt: skip
    done = backfill.progress_of(source)
    assert (done.done, done.days, done.is_open) == (70, 70, False)


def test_a_vendor_that_gives_everything_at_once_is_asked_once(vendor, source, monkeypatch):
    whole = replace(vendor.described, history_by="whole")
    monkeypatch.setattr(backfill, "connector", lambda _slug: whole)
    backfill.begin(source, NOW)
    run_all(source)

    assert vendor.asked == [(date(2026, 8, 26), date(2026, 11, 4))]


def test_a_chain_that_failed_keeps_what_came_and_goes_on_where_it_stopped(vendor, source):
    vendor.failing = date(2026, 10, 1)
    backfill.begin(source, NOW)
    run_all(source)
    stopped = backfill.progress_of(source)
    assert (stopped.has_failed, stopped.day) == (True, date(2026, 10, 1))
    assert stopped.job.error["message"] == "api answered 403: no"

    vendor.failing = None
    backfill.begin(source, NOW)
    run_all(source)

    assert vendor.asked[-2:] == [
        (date(2026, 10, 1), date(2026, 11, 1)), (date(2026, 11, 1), date(2026, 11, 4)),
    ]  # fmt: skip


def test_it_is_begun_once(vendor, source):
    assert backfill.begin(source, NOW) is not None
    assert backfill.begin(source, NOW) is None
    assert source.jobs.count() == 1


def test_a_window_that_ran_twice_is_followed_once(vendor, source):
    first = backfill.begin(source, NOW)
    assert backfill.follow(first, NOW) is not None
    assert backfill.follow(first, NOW) is None


def test_a_source_is_asked_by_one_worker_at_a_time(vendor, source):
    now = timezone.now()
    running = jobs.claim(backfill.begin(source, NOW).pk, now)
    other = jobs.enqueue("fetch", source=source, now=NOW)

    assert running is not None
    assert jobs.claim(other.pk, now) is None
    other.refresh_from_db()
    assert (other.state, other.tries, other.due_at) == ("waiting", 0, now + jobs.BETWEEN_PULLS)
    jobs.finish(running, now)
    assert jobs.claim(other.pk, now + timedelta(minutes=1)) is not None


def test_connecting_an_account_begins_it_and_the_page_says_how_far_it_is():
    client = Client()
    client.force_login(User.objects.create(username="admin", role="admin"))
    form = {"name": "Claude", "secret": "sk-ant-admin01-x", "is_scheduled": "on"}
    client.post("/setup/connect/anthropic/", form)

    job = Job.objects.get(kind="backfill")
    assert (date.today() - date.fromisoformat(job.args["begun"])).days in (363, 364, 365)  # noqa: DTZ011
    page = client.get("/setup/sources/claude/").content.decode()
    assert "0 of 365 days are here" in page
    part = client.get("/setup/sources/claude/history/").content.decode()
    assert "<progress" in part
