import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from finops.attribution.settle import settle


class Command(BaseCommand):
    help = "Bring everything that changed to the end: cells, allocations, rollups."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--full", action="store_true", help="rebuild everything from the facts")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        run = settle(full=options["full"], now=timezone.now())
        seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else None
        if options["json"]:
            answer = {
                "full": run.is_full,
                "cells": run.cells,
                "allocations": run.allocations,
                "seconds": seconds,
            }
            self.stdout.write(json.dumps(answer))
            return
        how = "Everything" if run.is_full else "What changed"
        self.stdout.write(
            f"{how} is settled: {run.cells} cells, {run.allocations} allocations, {seconds:.1f} s."
        )
