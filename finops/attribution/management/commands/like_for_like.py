"""`manage.py like_for_like`: unit costs of teams as they are, and at one common mix of sizes."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from finops.attribution.management.asking import Answer, AnsweringCommand, add_scope, asked_scope
from finops.attribution.printed_comparisons import mix_lines, mixes
from finops.attribution.queries.like_for_like import like_for_like
from finops.attribution.queries.organisation import organisation


class Command(AnsweringCommand):
    help = "Is the difference between teams only the mix of work? Unit costs at one common mix."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_scope(parser)

    def answer(self, options: dict[str, Any]) -> Answer:
        found = like_for_like(asked_scope(options, now=timezone.now()))
        currency = organisation().reporting_currency
        return mixes(found, currency), mix_lines(found, currency)
