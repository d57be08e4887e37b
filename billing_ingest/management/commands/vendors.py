"""List what can be connected or uploaded."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from billing_ingest.vendor_table import table, written_into


class Command(BaseCommand):
    requires_system_checks = []
    help = "Print the table of connectors, or renew it in a file that has its marks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path | None = options["write"]
        if file is None:
            self.stdout.write(table())
        else:
            file.write_text(written_into(file.read_text()))
