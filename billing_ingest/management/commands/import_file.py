"""Load one file into the books: the upload page's own path, in the foreground."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from billing_ingest.load import load, receive, superseded_imports
from billing_ingest.refusal import Problem, problem
from billing_ingest.registry import CONNECTORS, connector
from finops.ledger.models import Import, Source


class Command(BaseCommand):
    requires_system_checks = []  # they look at pages; a load needs none
    help = "Load a vendor's file. Exit 1 and the reason when it is refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("connector", choices=sorted(CONNECTORS))
        parser.add_argument("path", type=Path)
        parser.add_argument(
            "--source", help="name or key of the source; default: the connector's own"
        )
        parser.add_argument("--scope", choices=["all", "ai"])
        parser.add_argument("--allow-shrink", action="store_true")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.is_file():
            self.end_refused([no_file(path)], as_json=options["json"])
        source = find_source(options["connector"], options["source"])
        if source.connector != options["connector"]:
            self.end_refused(
                [other_connector(source, options["connector"])], as_json=options["json"]
            )
        imp = receive(source, path.name, path, scope=options["scope"])
        load(imp, allow_shrink=options["allow_shrink"])
        if imp.state in (Import.State.REFUSED, Import.State.HELD):
            self.end_refused(imp.errors, as_json=options["json"])
        self.stdout.write(json.dumps(outcome(imp), indent=2) if options["json"] else words(imp))

    def end_refused(self, errors: list[Problem], *, as_json: bool) -> None:
        """Say why, and leave with exit code 1."""
        if as_json:
            self.stdout.write(json.dumps({**errors[0], "errors": errors}, indent=2))
        else:
            for error in errors:
                self.stderr.write(f"{error['code']}: {error['message']} {error['fix']}")
        sys.exit(1)


def find_source(slug: str, wanted: str | None) -> Source:
    """Return the source of that key or name, made when there is none yet."""
    named = Source.objects.filter(key=wanted or slug) | Source.objects.filter(name=wanted or "")
    if found := named.first():
        return found
    key = source_key(wanted or slug)
    source, _ = Source.objects.get_or_create(
        key=key, defaults={"name": wanted or connector(slug).label, "connector": slug}
    )
    return source


def source_key(wanted: str) -> str:
    """Return a name as a key: lower case letters, digits and dashes."""
    kept = "".join(char if char.isalnum() and char.isascii() else "-" for char in wanted.lower())
    return "-".join(part for part in kept.split("-") if part)[:80] or "source"


def no_file(path: Path) -> Problem:
    return problem(
        "no_file", f"There is no file {path}.", file=str(path), expected="a file",
        fix="Check the path.",
    )  # fmt: skip


def other_connector(source: Source, slug: str) -> Problem:
    return problem(
        "other_connector", f"The source {source.name} reads {source.connector}, not {slug}.",
        found=slug, expected=source.connector, fix="Name another source with --source.",
    )  # fmt: skip


def outcome(imp: Import) -> dict[str, Any]:
    return {
        "import_id": imp.id,
        "state": imp.state,
        "rows": imp.rows,
        "totals": imp.totals,
        "out_of_scope": imp.out_of_scope,
        "period_start": imp.period_start and imp.period_start.isoformat(),
        "period_end": imp.period_end and imp.period_end.isoformat(),
        "superseded": superseded_imports(imp),
        "duplicate_of": imp.duplicate_of_id,
        "warnings": imp.warnings,
    }


def words(imp: Import) -> str:
    totals = (
        ", ".join(f"{amount} {currency}" for currency, amount in imp.totals.items()) or "no money"
    )
    lines = [f"{imp.get_state_display()}: import {imp.id}, {imp.rows} rows, {totals}."]
    return "\n".join([*lines, *(f"Note: {warning['message']}" for warning in imp.warnings)])
