import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from finops.embedded import launch
from finops.embedded.books import migrate_if_behind, open_books
from finops.embedded.first_sign_in import (
    DEMO_LOGINS,
    FIRST_ADMIN,
    create_first_logins,
    sign_in_file,
)
from finops.embedded.postgres import EmbeddedPostgres, PostgresError
from finops.embedded.supervisor import Supervisor, show

LOOK_EVERY_SECONDS = 10
# A new worker gets the waiting jobs with the next tick of beat.
WORKER_SETTLES_SECONDS = 120


class Command(BaseCommand):
    help = "Run all of Outlay on this machine until Ctrl-C: database, broker, web, worker, beat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--address", default="127.0.0.1")
        parser.add_argument(
            "--demo", action="store_true", help="fill the books with the demo company"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        address, port, demo = options["address"], options["port"], options["demo"]
        url = f"http://{'localhost' if address == '127.0.0.1' else address}:{port}/"
        with ExitStack() as stack:
            try:
                stack.enter_context(launch.exclusive_home(settings.HOME, url))
                launch.require_free_port(address, port)
                show("outlay", f"opening the books in {settings.OUTLAY_HOME}")
                found = launch.programs(address, port, demo=demo)
                supervisor = Supervisor(found, settings.HOME.logs)
                supervisor.listen_for_signals()
                stack.enter_context(open_books())
                prepare_books(demo=demo)
            except (launch.CannotStartError, PostgresError, OSError) as error:
                raise CommandError(str(error)) from None
            supervisor.run(Watch(supervisor, address, port, url))
        show("outlay", "stopped")
        sys.exit(0)


def prepare_books(*, demo: bool) -> None:
    """Bring the tables up to date and let somebody sign in."""
    migrate_if_behind()
    made = create_first_logins(DEMO_LOGINS if demo else FIRST_ADMIN)
    if demo:
        launch.claim_for_demo(settings.HOME, books_are_new=made is not None)
    connections.close_all()


class Watch:
    """Says once when Outlay is ready; then restarts a dead database and a worker that is stuck."""

    def __init__(self, supervisor: Supervisor, address: str, port: int, url: str) -> None:
        self.supervisor, self.address, self.port, self.url = supervisor, address, port, url
        self.is_announced = False
        self.look_at = 0.0
        self.worker_is_due = time.monotonic() + WORKER_SETTLES_SECONDS

    def __call__(self) -> None:
        if time.monotonic() < self.look_at:
            return
        state = launch.readiness(self.address, self.port)
        if not self.is_announced:
            if state and state.get("database") == state.get("broker") == "ok":
                self._announce()
            return
        self.look_at = time.monotonic() + LOOK_EVERY_SECONDS
        if state and state.get("jobs_are_stuck"):
            self._restart_worker(state["oldest_unclaimed_job_seconds"])
        self._revive_database()

    def _restart_worker(self, waited: int) -> None:
        """Restart it, unless it is too young to have found the jobs that waited for it."""
        if time.monotonic() > self.worker_is_due:
            self.supervisor.restart("worker", f"no job was taken for {waited} s")
            self.worker_is_due = time.monotonic() + WORKER_SETTLES_SECONDS

    def _revive_database(self) -> None:
        try:
            if settings.EMBEDDED_POSTGRES and EmbeddedPostgres(settings.HOME.postgres).revive():
                show("database", "it had died and was started again")
        except PostgresError as error:
            show("database", str(error))

    def _announce(self) -> None:
        self.is_announced = True
        self.look_at = time.monotonic() + LOOK_EVERY_SECONDS
        show("outlay", f"ready at {self.url}")
        if sign_in_file().exists():
            for line in sign_in_file().read_text().splitlines():
                show("outlay", f"sign in as {line}")
            show("outlay", f"(kept in {sign_in_file()}; remove it once you know it)")
        show("outlay", f"logs in {settings.HOME.logs}; stop with Ctrl-C")
