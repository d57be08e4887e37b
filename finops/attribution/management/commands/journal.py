"""`manage.py journal`: a month as balanced journal entries by cost centre, as CSV."""

import csv
import json
import sys
from typing import Any, get_args

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from finops.attribution.management.commands.close_month import DETAILS, month
from finops.attribution.queries.journal import COLUMNS, Line, journal
from finops.attribution.queries.journal_asked import journal_asked
from finops.attribution.queries.shapes import CostColumn, NotKnownError

MOMENT = "closing, a day (its end, UTC) or a time with a zone"


class Command(BaseCommand):
    help = "Journal entries for chargeback: a debit per cost centre, a credit per vendor."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--month", required=True, type=month, help="YYYY-MM")
        parser.add_argument("--since", default="", help=f"only what changed since: {MOMENT}")
        parser.add_argument("--known-on", default="", help=f"as it was known: {MOMENT}")
        parser.add_argument("--cost", choices=get_args(CostColumn), default="billed")
        parser.add_argument("--accrue", action="store_true", help="add provisional money, apart")
        parser.add_argument("--reverse", action="store_true", help="the reversal of the same")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = journal(
                journal_asked(
                    options["month"],
                    known_on=options["known_on"],
                    since=options["since"],
                    cost=options["cost"],
                    is_accrued=options["accrue"],
                    is_reversed=options["reverse"],
                    now=timezone.now(),
                )
            )
        except NotKnownError as error:
            refusal = {"code": "not_known", "message": str(error)} | dict.fromkeys(DETAILS)
            if options["json"]:
                self.stdout.write(json.dumps(refusal))
            else:
                self.stderr.write(str(error))
            sys.exit(1)
        self.print_lines(lines, as_json=options["json"])

    def print_lines(self, lines: list[Line], *, as_json: bool) -> None:
        if as_json:
            rows = [dict(zip(COLUMNS, line.row(), strict=True)) for line in lines]
            self.stdout.write(json.dumps({"lines": rows}, indent=1))
            return
        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(line.row() for line in lines)
