"""What happens by itself: each period once, however many beats there are or were not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import connection

from billing_ingest import jobs, schedule
from billing_ingest.connector import Connector
from billing_ingest.models import Job
from billing_ingest.work import window_of
from finops.attribution.models import Dirty
from finops.celery import app
from finops.ledger.models import Source

NOON = datetime(2026, 11, 3, 12, 1, tzinfo=UTC)
HOURS = timedelta(hours=1)

pytestmark = pytest.mark.django_db

VENDOR = Connector(
    slug="vendor",
    label="A vendor",
    folder=Path(),
    brings=("charges",),
    documents=(),
    fetch=lambda *_: iter(()),
)


@pytest.fixture(autouse=True)
def vendor(monkeypatch):
    """A connector that can pull, and a broker that takes everything."""
    monkeypatch.setattr(schedule, "connector", lambda _slug: VENDOR)
    monkeypatch.setattr(jobs.app, "send_task", lambda _name, **_: None)


@pytest.fixture
def source() -> Source:
    return Source.objects.create(key="v", name="V", connector="vendor", is_scheduled=True)


def pulls(source: Source) -> list[str]:
    return list(source.jobs.filter(kind="fetch").order_by("slot").values_list("slot", flat=True))


def test_a_new_source_is_pulled_for_the_period_that_just_ended(source):
    schedule.tick(NOON)
    pull = source.jobs.get()
    assert pull.slot == "2026-11-03T06:00+00:00"
    assert pull.args == {"first_day": "2026-11-03", "end_day": "2026-11-04"}
    assert window_of(pull).days == 1


def test_a_period_is_pulled_once_however_often_beat_ticks(source):
    for minutes in range(0, 300, 7):
        schedule.tick(NOON + timedelta(minutes=minutes))
    assert len(pulls(source)) == 1


def test_a_source_that_is_not_scheduled_is_left_alone(source):
    Source.objects.update(is_scheduled=False)
    schedule.tick(NOON)
    assert pulls(source) == []


def test_a_source_whose_connector_cannot_pull_is_left_alone(source, monkeypatch):
    monkeypatch.setattr(schedule, "connector", lambda _slug: replace(VENDOR, fetch=None))
    schedule.tick(NOON)
    assert pulls(source) == []


def test_a_source_whose_connector_is_gone_does_not_stop_the_others(source, monkeypatch):
    Source.objects.create(key="gone", name="A", connector="gone", is_scheduled=True)
    monkeypatch.setattr(schedule, "connector", {"vendor": VENDOR}.__getitem__)
    schedule.tick(NOON)
    assert len(pulls(source)) == 1


def test_after_26_hours_without_beat_each_missed_period_is_pulled_once(source):
    schedule.tick(NOON)
    back = NOON + 26 * HOURS
    schedule.tick(back)
    schedule.tick(back + timedelta(seconds=30))
    assert pulls(source) == [
        "2026-11-03T06:00+00:00",
        "2026-11-03T12:00+00:00",
        "2026-11-03T18:00+00:00",
        "2026-11-04T00:00+00:00",
        "2026-11-04T06:00+00:00",
    ]
    missed = source.jobs.get(slot="2026-11-03T18:00+00:00")
    assert missed.args == {"first_day": "2026-11-03", "end_day": "2026-11-04"}


def test_after_a_very_long_absence_no_day_is_left_out(source):
    schedule.tick(NOON)
    schedule.tick(NOON + timedelta(days=100))
    windows = [window_of(pull) for pull in source.jobs.order_by("slot")]
    assert len(windows) == 1 + schedule.MOST_MISSED
    for before, after in pairwise(windows):
        assert after.start <= before.end
    assert windows[-1].end == (NOON + timedelta(days=100)).date() + timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_two_beats_fire_a_slot_once(source):
    start = threading.Barrier(2)

    def beat(_):
        try:
            start.wait()
            schedule.tick(NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as beats:
        list(beats.map(beat, range(2)))
    assert len(pulls(source)) == 1
    assert Job.objects.filter(kind="verify").count() == 1


def test_the_books_are_proved_once_a_day():
    for hours in range(48):
        schedule.tick(datetime(2026, 11, 3, 0, 0, tzinfo=UTC) + hours * HOURS)
    assert Job.objects.filter(kind="verify").count() == 2


def test_dirty_facts_that_nobody_settles_are_settled():
    schedule.tick(NOON)
    assert not Job.objects.filter(kind="settle").exists()
    Dirty.objects.create(what="actor", ref="github:alice")
    schedule.tick(NOON)
    schedule.tick(NOON + timedelta(seconds=30))
    assert Job.objects.filter(kind="settle").count() == 1


def test_after_a_settle_that_failed_there_is_a_pause():
    Dirty.objects.create(what="actor", ref="github:alice")
    schedule.tick(NOON)
    Job.objects.filter(kind="settle").update(state=Job.State.FAILED, tries=3, finished_at=NOON)
    schedule.tick(NOON + timedelta(minutes=29))
    assert Job.objects.filter(kind="settle").count() == 1
    schedule.tick(NOON + timedelta(minutes=31))
    assert Job.objects.filter(kind="settle").count() == 2


def test_a_schedule_that_fails_does_not_keep_the_others_from_running(monkeypatch, source):
    def broken(period, now):
        raise RuntimeError("no")

    first, *others = schedule.SCHEDULES
    monkeypatch.setattr(schedule, "SCHEDULES", (replace(first, run=broken), *others))
    schedule.tick(NOON)
    assert len(pulls(source)) == 1


def test_the_next_pull_is_when_the_running_period_ends(source):
    due = schedule.next_pull(NOON)
    assert due == datetime(2026, 11, 3, 18, tzinfo=UTC)
    schedule.tick(NOON)
    schedule.tick(due - timedelta(seconds=1))
    assert len(pulls(source)) == 1
    schedule.tick(due)
    assert len(pulls(source)) == 2


def test_a_tick_asks_the_same_of_the_database_however_many_sources_wait(
    source, django_assert_max_num_queries
):
    for number in range(20):
        Source.objects.create(
            key=f"v{number}", name=f"V{number}", connector="vendor", is_scheduled=True
        )
    schedule.tick(NOON)
    with django_assert_max_num_queries(7):
        schedule.tick(NOON + timedelta(seconds=30))


def test_beat_ticks_every_half_minute():
    tick = app.conf.beat_schedule["tick"]
    app.loader.import_default_modules()
    assert tick["schedule"] == 30
    assert tick["task"] in app.tasks
