"""Read an import's archived bytes anew, after a mapping was mended."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing_ingest.load import load
from billing_ingest.management.commands.import_file import outcome, words
from billing_ingest.registry import connector
from finops.ledger.models import Import


class Command(BaseCommand):
    requires_system_checks = []  # they look at pages; a load needs none
    help = (
        "Load an import's archived bytes again with today's mapping. Unchanged rows change nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("import_id", type=int)
        parser.add_argument("--allow-shrink", action="store_true")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        old = Import.objects.select_related("source").filter(id=options["import_id"]).first()
        if old is None:
            raise CommandError(f"There is no import {options['import_id']}.")
        imp = load(again(old), allow_shrink=options["allow_shrink"])
        if imp.state in (Import.State.REFUSED, Import.State.HELD):
            self.stdout.write(json.dumps({**imp.errors[0], "errors": imp.errors}, indent=2))
            sys.exit(1)
        self.stdout.write(json.dumps(outcome(imp), indent=2) if options["json"] else words(imp))


def again(old: Import) -> Import:
    """Make a new import of the same archived bytes."""
    return Import.objects.create(
        source=old.source, state=Import.State.QUEUED, filename=old.filename, sha256=old.sha256,
        size_bytes=old.size_bytes, document=old.document, scope=old.scope,
        mapping_version=connector(old.source.connector).mapping_version,
    )  # fmt: skip
