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
from finops.embedded.postgres import PostgresError
from finops.embedded.supervisor import Supervisor, show

LOOK_EVERY_SECONDS = 30


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
                supervisor = Supervisor(
                    launch.programs(address, port, demo=demo), settings.HOME.logs
                )
                supervisor.listen_for_signals()
                stack.enter_context(open_books())
            except (launch.CannotStartError, PostgresError, OSError) as error:
                raise CommandError(str(error)) from None
            migrate_if_behind()
            create_first_logins(DEMO_LOGINS if demo else FIRST_ADMIN)
            connections.close_all()
            supervisor.run(Watch(supervisor, address, port, url))
        show("outlay", "stopped")
        sys.exit(0)


class Watch:
    """Says once when Outlay is ready; later restarts a worker that takes no jobs."""

    def __init__(self, supervisor: Supervisor, address: str, port: int, url: str) -> None:
        self.supervisor, self.address, self.port, self.url = supervisor, address, port, url
        self.is_announced = False
        self.look_at = 0.0

    def __call__(self) -> None:
        if time.monotonic() < self.look_at:
            return
        state = launch.readiness(self.address, self.port)
        if not self.is_announced:
            if state and state["ready"]:
                self._announce()
            return
        self.look_at = time.monotonic() + LOOK_EVERY_SECONDS
        if state and state.get("jobs_are_stuck"):
            waited = state["oldest_unclaimed_job_seconds"]
            self.supervisor.restart("worker", f"no job was taken for {waited} s")

    def _announce(self) -> None:
        self.is_announced = True
        self.look_at = time.monotonic() + LOOK_EVERY_SECONDS
        show("outlay", f"ready at {self.url}")
        if sign_in_file().exists():
            for line in sign_in_file().read_text().splitlines():
                show("outlay", f"sign in as {line}")
            show("outlay", f"(kept in {sign_in_file()}; remove it once you know it)")
        show("outlay", f"logs in {settings.HOME.logs}; stop with Ctrl-C")
