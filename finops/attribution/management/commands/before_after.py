"""`manage.py before_after`: what a change is associated with, against teams that did not change."""

from dataclasses import replace
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from finops.attribution.management.asking import (
    Answer,
    AnsweringCommand,
    RefusedError,
    add_scope,
    asked_scope,
    day,
)
from finops.attribution.printed_comparisons import change, change_lines
from finops.attribution.queries.before_after import before_after
from finops.attribution.queries.organisation import organisation, team_refs
from finops.attribution.queries.shapes import Scope
from finops.outcomes.kinds import KINDS


class Command(AnsweringCommand):
    help = (
        "Cost per outcome before and after a change in a team, less the change of the teams beside"
        " it. Whole months of the period count; the month of the change does not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_scope(parser)
        parser.add_argument("--on", required=True, type=day, help="day of the change")
        parser.add_argument(
            "--against", metavar="SLUG", help="the control: a team; by default all other teams"
        )
        parser.add_argument("--kind", choices=sorted(KINDS), default="pull_request")

    def answer(self, options: dict[str, Any]) -> Answer:
        now = timezone.now()
        if options["team"] is None:
            raise RefusedError("no_team", "Say with --team whose work changed.", expected="--team")
        treated = asked_scope(options, now=now)
        control = (
            asked_scope(options, now=now, team="against")
            if options["against"]
            else all_others(treated)
        )
        if shared := set(treated.teams or ()) & set(control.teams or ()):
            slugs = sorted(ref.slug for ref in team_refs().values() if ref.id in shared)
            raise RefusedError(
                "same_team", "A team cannot be its own control.", found=", ".join(slugs)
            )
        found = before_after(
            treated, control, kind=options["kind"], changed_on=options["on"], now=now
        )
        currency = organisation().reporting_currency
        return change(found, currency), change_lines(found, currency)


def all_others(treated: Scope) -> Scope:
    """The scope of every team that the treated ones are not."""
    teams = tuple(
        ref.id
        for ref in team_refs().values()
        if ref.id is not None and ref.id not in (treated.teams or ())
    )
    return replace(treated, teams=teams, then=None)
