"""What the launcher does with the answers of /readyz."""

import time

import pytest

from finops.embedded import launch
from finops.embedded.management.commands import serve

READY = {"ready": True, "database": "ok", "broker": "ok", "jobs_are_stuck": False}
STUCK = READY | {"ready": False, "jobs_are_stuck": True, "oldest_unclaimed_job_seconds": 700}


class RecordingSupervisor:
    def __init__(self):
        self.restarted = []

    def restart(self, name, why):
        self.restarted.append((name, why))


@pytest.fixture
def answers(monkeypatch):
    """The answers that /readyz gives, one for each look; the last one stays."""
    queue = []
    monkeypatch.setattr(
        launch, "readiness", lambda *_: queue.pop(0) if len(queue) > 1 else queue[0]
    )
    monkeypatch.setattr(serve, "LOOK_EVERY_SECONDS", 0)
    return queue


def watch() -> serve.Watch:
    return serve.Watch(RecordingSupervisor(), "127.0.0.1", 8000, "http://localhost:8000/")


def test_ready_is_said_once_and_not_before_it_is_true(answers, capsys):
    answers += [None, READY | {"broker": "OperationalError", "ready": False}, READY, READY]
    looker = watch()
    looker()
    looker()
    assert "ready at" not in capsys.readouterr().out
    looker()
    looker()
    assert capsys.readouterr().out.count("ready at http://localhost:8000/") == 1


def test_jobs_left_over_from_yesterday_do_not_keep_it_from_being_ready(answers, capsys):
    answers.append(STUCK)
    watch()()
    assert "ready at" in capsys.readouterr().out


def test_worker_that_takes_no_jobs_is_restarted_once_it_had_time_to_settle(answers):
    answers.append(STUCK)
    looker = watch()
    for _ in range(3):
        looker()
    assert looker.supervisor.restarted == []
    looker.worker_is_due = time.monotonic() - 1
    for _ in range(3):
        looker()
    assert looker.supervisor.restarted == [("worker", "no job was taken for 700 s")]
