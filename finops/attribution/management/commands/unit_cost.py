"""`manage.py unit_cost`: what an outcome cost, and where the money of a period went."""

from typing import Any, get_args

from django.core.management.base import CommandParser
from django.utils import timezone

from finops.attribution import printed
from finops.attribution.management.asking import (
    Answer,
    AnsweringCommand,
    RefusedError,
    add_scope,
    asked_scope,
)
from finops.attribution.queries.shapes import NotKnownError, UnitCostReport
from finops.attribution.queries.unit_costs import By, PersonLevelOffError, unit_cost


class Command(AnsweringCommand):
    help = "What an outcome cost and where the money of a period went."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_scope(parser)
        parser.add_argument("--by", choices=get_args(By))
        parser.add_argument(
            "--known-on",
            metavar="DAY",
            help="as it was known at the end of that day (UTC), or at a time like 2026-10-31T18:00:00Z",
        )

    def answer(self, options: dict[str, Any]) -> Answer:
        report = reported(options)
        return printed.report(report), printed.lines(report)


def reported(options: dict[str, Any]) -> UnitCostReport:
    """Return the report that the options ask for; raises RefusedError with the reason why not."""
    now = timezone.now()
    scope = asked_scope(options, now=now, known_on=options["known_on"])
    try:
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
