"""Real workers, a real broker and a real database of their own, and what kill -9 does to them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from celery import Celery

from finops.embedded.broker import broker_command
from finops.embedded.home import Home
from finops.embedded.postgres import EmbeddedPostgres
from tests.bills import bill
from tests.fault_proxy import fault_proxy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LEASE_SECONDS = 3
LINES = 150_000  # the COPY must last long enough to be caught under way on a busy machine
# Set for the tests by conftest; the workers here have a home of their own.
NOT_OURS = ("DATABASE_URL", "CELERY_BROKER_URL", "OUTLAY_ARCHIVE", "PYTEST_XDIST_WORKER")

QUEUE_LOAD = """
import json, sys
from pathlib import Path
from django.db import transaction
from django.utils import timezone
from billing_ingest import jobs, load
from billing_ingest.registry import connector
with transaction.atomic():
    imp = load.receive(load.default_source(connector("focus")), sys.argv[1], Path(sys.argv[1]))
    job = jobs.enqueue("load", imp=imp, now=timezone.now())
print(json.dumps({"imp": imp.pk, "job": job.pk}))
"""


@dataclass
class Stage:
    """A throwaway home with its database and broker, and ways to look inside."""

    home: Home
    server: EmbeddedPostgres
    celery: Celery
    env: dict[str, str]

    def ask(self, sql: str, *values: Any) -> Any:
        """The first column of the first row; None when there is none."""
        with self.connect() as connection:
            row = connection.execute(sql, values).fetchone()
        return row[0] if row else None

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.server.sockets), user="outlay", dbname="outlay", autocommit=True
        )

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def worker(
        self, app: str = "finops", children: int = 1, **env: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A worker with its children in a process group of its own."""
        command = [str(BIN / "celery"), "-A", app, "worker", "-c", str(children), "-Q", "default",
                   "-l", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]  # fmt: skip
        log = (self.home.path / "worker.log").open("ab")
        with (
            log,
            subprocess.Popen(
                command,
                env=self.env | env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            ) as process,
        ):
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(20)

    def queue_load(self, file: Path) -> tuple[int, int]:
        """Archive the file and queue its load; the ids of import and job."""
        out = self.run(sys.executable, "-c", DJANGO + QUEUE_LOAD, str(file))
        made = json.loads(out)
        return made["imp"], made["job"]

    def wait_until(self, is_so: Callable[[], Any], seconds: float = 90) -> None:
        """Tick as beat does, only faster, until it is so."""
        give_up = time.monotonic() + seconds
        next_tick = 0.0
        while not is_so():
            assert time.monotonic() < give_up, self.log()
            if time.monotonic() > next_tick:
                self.celery.send_task("billing_ingest.tasks.tick", expires=5)
                next_tick = time.monotonic() + 1
            time.sleep(0.02)

    def is_done(self, job: int) -> bool:
        return self.ask("SELECT state FROM billing_ingest_job WHERE id = %s", job) == "done"

    def is_copying(self) -> bool:
        with self.connect() as connection:
            rows = connection.execute("SELECT tuples_processed FROM pg_stat_progress_copy")
            return any(done > 1000 for (done,) in rows)

    def comes_to_rest(self) -> None:
        """Let the workers that run bring every job to its end, the settle after a load too."""
        is_open = """SELECT (SELECT count(*) FROM billing_ingest_job
                             WHERE state IN ('waiting', 'running') AND kind <> 'verify')
                          + (SELECT count(*) FROM attribution_dirty)"""
        self.wait_until(lambda: self.ask(is_open) == 0, seconds=120)

    def books_tie(self) -> None:
        """Run verify_books as people do, after the last worker; nothing may be left lying."""
        self.run(sys.executable, "manage.py", "verify_books", "--strict", "--json")

    def log(self) -> str:
        return (self.home.path / "worker.log").read_text()[-6000:]


DJANGO = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "finops.settings"
import django
django.setup()
"""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outlay-w-")))
        home = Home(folder)
        server = EmbeddedPostgres(home.postgres, throwaway=True)
        stack.enter_context(server.in_use())
        env = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        env |= {"OUTLAY_HOME": str(folder), "OUTLAY_LEASE_SECONDS": str(LEASE_SECONDS),
                "C_FORCE_ROOT": "1"}  # fmt: skip
        broker = subprocess.Popen(
            broker_command(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        stack.callback(broker.wait)
        stack.callback(broker.terminate)
        celery = Celery()
        # The variable CELERY_BROKER_URL, set for the other tests, would win over a plain broker.
        celery.conf.broker_write_url = f"redis+socket://{home.broker_socket}"
        celery.conf.task_default_queue = "default"
        found = Stage(home, server, celery, env)
        found.run(sys.executable, "manage.py", "migrate", "--verbosity", "0")
        yield found


@pytest.fixture
def big_bill(stage: Stage, request) -> Path:
    """A bill that takes seconds to load, of an account of its own."""
    name = request.node.name
    file = stage.home.path / f"{name}.csv"
    file.write_bytes(bill(*["0.01"] * LINES, issuer=name))
    return file


def assert_booked_once(stage: Stage, imp: int, file: Path) -> None:
    assert stage.ask("SELECT state FROM ledger_import WHERE id = %s", imp) == "loaded"
    count = "SELECT count(*) FROM ledger_charge WHERE invoice_issuer_name = %s"
    assert stage.ask(count, file.stem) == LINES
    actives = "SELECT count(*) FROM ledger_slice WHERE import_id = %s AND superseded_at IS NULL"
    assert stage.ask(actives, imp) == 1


def rows_visible(stage: Stage, file: Path) -> int:
    count = "SELECT count(*) FROM ledger_charge WHERE invoice_issuer_name = %s"
    return stage.ask(count, file.stem)


def children_of(process: subprocess.Popen[bytes]) -> list[int]:
    out = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, check=True)
    return [int(line) for line in out.stdout.split()]


def test_a_worker_child_killed_in_the_middle_of_a_load_books_nothing_and_the_job_is_retried(
    stage, big_bill
):
    with stage.worker() as worker:
        imp, job = stage.queue_load(big_bill)
        stage.wait_until(stage.is_copying)
        for child in children_of(worker):
            os.kill(child, signal.SIGKILL)
        assert rows_visible(stage, big_bill) == 0
        for _ in range(4):  # and the broker delivers it over and over
            stage.celery.send_task("billing_ingest.tasks.run_job", args=[job])
        stage.wait_until(lambda: stage.is_done(job))
        stage.comes_to_rest()
        assert worker.poll() is None
    assert stage.ask("SELECT tries FROM billing_ingest_job WHERE id = %s", job) == 2
    assert_booked_once(stage, imp, big_bill)
    stage.books_tie()


def test_a_whole_worker_killed_in_the_middle_of_a_load_books_nothing_and_another_takes_over(
    stage, big_bill
):
    with stage.worker() as worker:
        imp, job = stage.queue_load(big_bill)
        stage.wait_until(stage.is_copying)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(20)
    assert rows_visible(stage, big_bill) == 0
    with stage.worker():
        stage.wait_until(lambda: stage.is_done(job))
        stage.comes_to_rest()
    assert stage.ask("SELECT tries FROM billing_ingest_job WHERE id = %s", job) == 2
    assert_booked_once(stage, imp, big_bill)
    stage.books_tie()


def test_a_worker_that_is_asked_to_stop_finishes_its_load(stage, big_bill):
    with stage.worker() as worker:
        imp, job = stage.queue_load(big_bill)
        stage.wait_until(stage.is_copying)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    assert stage.is_done(job)
    assert stage.ask("SELECT tries FROM billing_ingest_job WHERE id = %s", job) == 1
    assert_booked_once(stage, imp, big_bill)
    with stage.worker():
        stage.comes_to_rest()
    stage.books_tie()


def test_a_database_that_crashes_in_the_middle_of_a_load_keeps_nothing_of_it(stage, big_bill):
    with stage.worker():
        imp, job = stage.queue_load(big_bill)
        stage.wait_until(stage.is_copying)
        stage.server._pg_ctl("-m", "immediate", "stop")
        time.sleep(1)
        stage.server._ensure_running()
        assert rows_visible(stage, big_bill) == 0
        stage.wait_until(lambda: stage.is_done(job), seconds=120)
        stage.comes_to_rest()
    assert_booked_once(stage, imp, big_bill)
    stage.books_tie()


@pytest.mark.parametrize("lost_answer", [True, False], ids=["answer lost", "commit lost"])
def test_a_connection_cut_around_the_commit_of_a_load_counts_it_once(stage, lost_answer):
    name = f"cut-{lost_answer}"
    file = stage.home.path / f"{name}.csv"
    file.write_bytes(bill(*["0.01"] * 200, issuer=name))
    socket = stage.server.sockets / ".s.PGSQL.5432"
    with fault_proxy(socket, lost_answer=lost_answer) as proxy:
        url = f"postgres://outlay@127.0.0.1:{proxy.port}/outlay"
        with stage.worker(DATABASE_URL=url):
            imp, job = stage.queue_load(file)
            stage.wait_until(lambda: proxy.cuts)
            stage.wait_until(lambda: stage.is_done(job))
            stage.comes_to_rest()
    assert stage.ask("SELECT tries FROM billing_ingest_job WHERE id = %s", job) == 2 - lost_answer
    assert stage.ask("SELECT state FROM ledger_import WHERE id = %s", imp) == "loaded"
    assert rows_visible(stage, file) == 200
    stage.books_tie()


def test_a_job_that_ends_its_worker_fails_after_three_tries_and_the_others_go_on(stage):
    insert = """
        INSERT INTO billing_ingest_job
            (kind, state, args, due_at, tries, fence, progress_rows, created_at)
        VALUES (%s, 'waiting', '{}', now(), 0, 0, 0, now()) RETURNING id"""
    deadly, harmless = stage.ask(insert, "end"), stage.ask(insert, "note")
    state = "SELECT state FROM billing_ingest_job WHERE id = %s"
    with stage.worker("tests.odd_jobs", children=1) as worker:
        stage.wait_until(lambda: stage.ask(state, deadly) == "failed")
        stage.wait_until(lambda: stage.ask(state, harmless) == "done")
        stage.comes_to_rest()
        assert worker.poll() is None
    stage.books_tie()
    error = stage.ask("SELECT error FROM billing_ingest_job WHERE id = %s", deadly)
    assert error["code"] == "worker_lost"
    assert stage.ask("SELECT tries FROM billing_ingest_job WHERE id = %s", deadly) == 3
    assert stage.ask("SELECT count(*) FROM ledger_source WHERE key = %s", f"note-{harmless}") == 1


def test_a_broker_that_comes_back_empty_loses_no_job(stage, tmp_path):
    file = stage.home.path / "small.csv"
    file.write_bytes(bill("1.00", issuer="small"))
    _, job = stage.queue_load(file)
    flush = [str(BIN / "redis-cli"), "-s", str(stage.home.broker_socket), "FLUSHALL"]
    subprocess.run(flush, check=True, capture_output=True)
    with stage.worker():
        stage.wait_until(lambda: stage.is_done(job))
        stage.comes_to_rest()
    assert rows_visible(stage, file) == 1
    stage.books_tie()
