from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from finops.embedded.first_sign_in import (
    DEMO_LOGINS,
    FIRST_ADMIN,
    create_first_logins,
    sign_in_file,
)


class Command(BaseCommand):
    help = "Create the first login with a random password, unless somebody can sign in already."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="one login for each role")

    def handle(self, *args: Any, **options: Any) -> None:
        made = create_first_logins(DEMO_LOGINS if options["demo"] else FIRST_ADMIN)
        if made is None:
            self.stdout.write("There are users already; nothing was created.")
        else:
            self.stdout.write(f"{made}Kept in {sign_in_file()}; remove it once you know it.")
