"""Prove that the books are whole: every file, charge, cell, allocation and rollup ties."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from finops.attribution.verify.books import Verdict, verify


class Command(BaseCommand):
    help = "Check that every sum in the books ties, with a reader of its own. Exit 1 when not."
    # Of the settings. The others load every page and form, which takes longer than small books do.
    requires_system_checks = ["outlay"]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print {ok, violations[]}")
        parser.add_argument(
            "--strict",
            action="store_true",
            help="nothing runs: what waits, is locked or was left behind is wrong too",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify(strict=options["strict"])
        self.stdout.write(as_json(verdict) if options["json"] else in_words(verdict))
        if not verdict.ok:
            self.stdout.flush()
            sys.exit(1)


def as_json(verdict: Verdict) -> str:
    return json.dumps(
        {
            "ok": verdict.ok,
            "violations": [violation.as_dict() for violation in verdict.violations],
            "unread": verdict.unread,
            "unsettled": verdict.unsettled,
        },
        indent=2,
    )


def in_words(verdict: Verdict) -> str:
    lines = [str(violation) for violation in verdict.violations]
    lines += [f"not read again, no reader for its kind: {name}" for name in verdict.unread]
    if verdict.unsettled:
        lines.append(f"{verdict.unsettled} changes wait for `manage.py settle`")
    count = len(verdict.violations)
    lines.append("The books tie." if verdict.ok else f"The books do not tie: {count} violations.")
    return "\n".join(lines)
