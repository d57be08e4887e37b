"""`manage.py unit_cost`: what an outcome cost, and where the money of a period went."""

import argparse
import json
import sys
from datetime import date, datetime
from typing import Any, get_args

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from finops.attribution import printed
from finops.attribution.queries.known import moment_of
from finops.attribution.queries.organisation import placements, team_refs
from finops.attribution.queries.shapes import CostColumn, NotKnownError, Scope, UnitCostReport
from finops.attribution.queries.team_scope import Tree, with_teams_below
from finops.attribution.queries.unit_costs import By, PersonLevelOffError, unit_cost
from finops.periods import Period

DETAILS = ("file", "line", "column", "found", "expected", "fix")


class RefusedError(Exception):
    """A question that has no answer, with what was found and what would do."""

    def __init__(self, code: str, message: str, **details: str | None) -> None:
        super().__init__(message)
        nothing: dict[str, str | None] = dict.fromkeys(DETAILS)
        self.refusal = {"code": code, "message": message} | nothing | details


class Command(BaseCommand):
    help = "What an outcome cost and where the money of a period went."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--start", required=True, type=day, help="first day, YYYY-MM-DD")
        parser.add_argument("--end", required=True, type=day, help="day after the last one")
        parser.add_argument("--by", choices=get_args(By))
        parser.add_argument(
            "--team",
            metavar="SLUG",
            help="a team with its sub-teams only",
        )
        parser.add_argument(
            "--tree",
            choices=get_args(Tree),
            default="today",
            help="whose sub-teams: those of today, or those of each time (then)",
        )
        parser.add_argument("--cost", choices=get_args(CostColumn), default="billed")
        parser.add_argument(
            "--known-on",
            metavar="DAY",
            help="as it was known at the end of that day (UTC), or at a time like 2026-10-31T18:00:00Z",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = answer(options)
        except RefusedError as refused:
            if options["json"]:
                self.stdout.write(json.dumps(refused.refusal))
            else:
                self.stderr.write(f"{refused}")
            sys.exit(1)
        if options["json"]:
            self.stdout.write(json.dumps(printed.report(report), indent=1))
        else:
            self.stdout.write("\n".join(printed.lines(report)))


def answer(options: dict[str, Any]) -> UnitCostReport:
    """Return the report that the options ask for; raises RefusedError with the reason why not."""
    try:
        period = Period(options["start"], options["end"])
    except ValueError as error:
        raise RefusedError(
            "empty_period",
            str(error),
            found=f"{options['start']} to {options['end']}",
            expected="--end after --start; the end day itself is not part of the period",
        ) from None
    now = timezone.now()
    try:
        known_on = moment_of(options["known_on"], now=now) if options["known_on"] else None
        scope = with_teams_below(
            Scope(period, None, options["cost"], known_on),
            team_ids(options["team"], known_on),
            placements(known_on),
            tree=options["tree"],
            today=(known_on or now).date(),
        )
        return unit_cost(scope, by=options["by"], now=now)
    except NotKnownError as error:
        raise RefusedError("not_known", str(error), found=options["known_on"]) from None
    except PersonLevelOffError as error:
        raise RefusedError(
            "person_level_off",
            str(error),
            found="--by person",
            fix="An administrator can allow reports by person for the organisation.",
        ) from None


def team_ids(slug: str | None, known_on: datetime | None) -> tuple[int, ...]:
    if slug is None:
        return ()
    found = {team.slug: team.id for team in team_refs(known_on).values() if team.id is not None}
    if slug not in found:
        known = ", ".join(found) or "none yet"
        raise RefusedError(
            "unknown_team",
            f"there is no team {slug!r}",
            found=slug,
            expected=f"one of: {known}",
        )
    return (found[slug],)


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected YYYY-MM-DD, found {text!r}") from None
