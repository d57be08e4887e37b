"""`manage.py close_month`: close a month, reopen it, or show what changed since it was closed."""

import argparse
import json
import sys
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from finops.attribution.actions.closing import ClosingError, close_month, reopen_month
from finops.attribution.closed_books import digest_of
from finops.attribution.models import Closing
from finops.attribution.present import amount
from finops.attribution.queries.adjustments import adjustments, closing_of
from finops.attribution.queries.organisation import organisation
from finops.periods import month_of

DETAILS = ("file", "line", "column", "found", "expected", "fix")


class Command(BaseCommand):
    help = "Close a month: its report stays as known now, later facts are dated adjustments."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--month", required=True, type=month, help="YYYY-MM")
        parser.add_argument("--note", default="", help="a remark to keep with the closing")
        parser.add_argument("--reopen", action="store_true", help="reopen a closed month")
        parser.add_argument("--why", default="", help="why it is reopened")
        parser.add_argument(
            "--show", action="store_true", help="show how it stands, change nothing"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            closing = asked(options, timezone.now())
        except ClosingError as error:
            refusal: dict[str, Any] = {"code": "not_closed", "message": str(error)}
            refusal |= dict.fromkeys(DETAILS) | {"found": f"{options['month']:%Y-%m}"}
            if options["json"]:
                self.stdout.write(json.dumps(refusal))
            else:
                self.stderr.write("\n".join(error.obstacles))
            sys.exit(1)
        found = described(closing)
        self.stdout.write(json.dumps(found, indent=1) if options["json"] else in_words(found))


def asked(options: dict[str, Any], now: datetime) -> Closing:
    """Do what was asked and return the closing. Raises ClosingError."""
    if options["reopen"]:
        return reopen_month(options["month"], by=None, now=now, why=options["why"])
    if options["show"]:
        closing = closing_of(options["month"])
        if closing is None:
            raise ClosingError(f"{options['month']:%B %Y} is not closed.")
        return closing
    return close_month(options["month"], by=None, now=now, note=options["note"])


def described(closing: Closing) -> dict[str, Any]:
    """Return how a closing stands: when, with which digest, and what came later."""
    later = adjustments(closing)
    return {
        "month": f"{closing.month:%Y-%m}",
        "state": "reopened" if closing.reopened_at else "closed",
        "closed_at": closing.closed_at.isoformat(),
        "known_at": closing.known_at.isoformat(),
        "digest": closing.digest,
        "reads_as_closed": digest_of(month_of(closing.month), closing.known_at) == closing.digest,
        "warnings": closing.warnings,
        "reopened_why": closing.reopened_why,
        "currency": organisation().reporting_currency,
        "adjusted": amount(sum(found.nanos for found in later)),
        "adjustments": [
            {
                "known_at": found.known_at.isoformat(),
                "day": f"{found.day}",
                "team": found.team.slug or None,
                "shared": found.is_shared,
                "amount": amount(found.nanos),
                "cause": found.cause,
            }
            for found in later
        ],
    }


def in_words(found: dict[str, Any]) -> str:
    lines = [f"{found['month']} is {found['state']}, as known at {found['known_at']}."]
    lines += [f"Mind: {warning}" for warning in found["warnings"]]
    lines.append(f"Digest {found['digest']}.")
    if found["adjustments"]:
        count = len(found["adjustments"])
        lines.append(f"{count} adjustments since: {found['adjusted']} {found['currency']}.")
    lines += [
        f"  {a['known_at'][:10]}: {a['day']} {a['team'] or ('shared' if a['shared'] else 'no team')}"
        f" {a['amount']}, {a['cause']}"
        for a in found["adjustments"]
    ]
    return "\n".join(lines)


def month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected YYYY-MM, found {text!r}") from None
