"""Fill empty books with the demo company."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing_ingest.demo.seed import DemoRefusedError, seed
from finops.embedded.first_sign_in import DEMO_LOGINS, create_first_logins

FOLDER = "demo-files"


class Command(BaseCommand):
    requires_system_checks = []  # they look at pages; a load needs none
    help = "Write the demo company's vendor files under OUTLAY_HOME and import them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--today", type=date.fromisoformat, help="the demo's last day is the day before"
        )
        parser.add_argument("--months", type=int, default=12)

    def handle(self, *args: Any, **options: Any) -> None:
        logins = create_first_logins(DEMO_LOGINS)
        if logins is not None:
            self.stdout.write(f"Sign in with one of\n{logins}")
        try:
            seed(
                settings.OUTLAY_HOME / FOLDER,
                today=options["today"] or timezone.now().date(),
                months=options["months"],
                say=self.say,
            )
        except DemoRefusedError as refused:
            raise CommandError(str(refused)) from refused
        self.say("The demo company is complete.")

    def say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()
