import shutil
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from finops.embedded.home import Home
from finops.embedded.launch import CannotStartError, exclusive_home
from finops.embedded.postgres import EmbeddedPostgres


class Command(BaseCommand):
    help = "Delete everything under OUTLAY_HOME: books, archive, secrets, logins."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        home: Path = settings.OUTLAY_HOME
        if not settings.EMBEDDED_POSTGRES:
            raise CommandError("The books are in the database of DATABASE_URL; delete them there.")
        if not options["yes"] and input(f"Delete everything in {home}? Type yes: ") != "yes":
            raise CommandError("Nothing was deleted.")
        with ExitStack() as stack:
            # The demo's home lies inside the default one.
            for inner in [home, *(lock.parent for lock in home.glob("*/serve.lock"))]:
                self._stop(inner, stack)
            shutil.rmtree(home)
        self.stdout.write(f"Deleted {home}.")

    def _stop(self, home: Path, stack: ExitStack) -> None:
        try:
            stack.enter_context(exclusive_home(Home(home), "being deleted"))
        except CannotStartError as error:
            raise CommandError(str(error)) from None
        server = EmbeddedPostgres(home / "pg")
        if server.data.exists() and not server.stop_if_abandoned():
            raise CommandError(f"A command still uses the books in {home}; end it first.")
