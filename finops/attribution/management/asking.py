"""What the reporting commands share: which part of the books is asked for, and how a command answers."""

import argparse
import json
import sys
from datetime import date, datetime
from typing import Any, get_args

from django.core.management.base import BaseCommand, CommandParser

from finops.attribution.queries.known import moment_of
from finops.attribution.queries.organisation import placements, team_refs
from finops.attribution.queries.shapes import CostColumn, NotKnownError, Scope
from finops.attribution.queries.team_scope import Tree, with_teams_below
from finops.periods import Period

DETAILS = ("file", "line", "column", "found", "expected", "fix")
Answer = tuple[dict[str, Any], list[str]]  # as JSON, and as lines of words


class RefusedError(Exception):
    """What cannot be answered or done, with what was found and what would do."""

    def __init__(self, code: str, message: str, **details: str | None) -> None:
        super().__init__(message)
        nothing: dict[str, str | None] = dict.fromkeys(DETAILS)
        self.refusal = {"code": code, "message": message} | nothing | details


class AnsweringCommand(BaseCommand):
    """A command that prints words, or one JSON object with --json; refused, it says why and exits 1."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def answer(self, options: dict[str, Any]) -> Answer:
        """Return what the options ask for. Raises RefusedError."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found, lines = self.answer(options)
        except RefusedError as refused:
            if options["json"]:
                self.stdout.write(json.dumps(refused.refusal))
            else:
                more = (refused.refusal["expected"], refused.refusal["fix"])
                self.stderr.write("\n".join([f"{refused}", *filter(None, more)]))
            sys.exit(1)
        self.stdout.write(json.dumps(found, indent=1) if options["json"] else "\n".join(lines))


def add_scope(parser: CommandParser) -> None:
    """Let a command be asked for some days, a team with its sub-teams, and a cost column."""
    parser.add_argument("--start", required=True, type=day, help="first day, YYYY-MM-DD")
    parser.add_argument("--end", required=True, type=day, help="day after the last one")
    parser.add_argument("--team", metavar="SLUG", help="a team with its sub-teams only")
    parser.add_argument(
        "--tree",
        choices=get_args(Tree),
        default="today",
        help="whose sub-teams: those of today, or those of each time (then)",
    )
    parser.add_argument("--cost", choices=get_args(CostColumn), default="billed")


def asked_scope(
    options: dict[str, Any], *, now: datetime, known_on: str | None = None, team: str = "team"
) -> Scope:
    """Return the scope that the options name; `team` is the option whose team it is of.

    Raises RefusedError.
    """
    try:
        period = Period(options["start"], options["end"])
    except ValueError as error:
        raise RefusedError(
            "empty_period",
            str(error),
            found=f"{options['start']} to {options['end']}",
            expected="--end after --start; the end day itself is not part of the period",
        ) from None
    try:
        moment = moment_of(known_on, now=now) if known_on else None
        return with_teams_below(
            Scope(period, None, options["cost"], moment),
            team_ids(options[team], moment),
            placements(moment),
            tree=options["tree"],
            today=(moment or now).date(),
        )
    except NotKnownError as error:
        raise RefusedError("not_known", str(error), found=known_on) from None


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
