"""`manage.py review_times`: how long merged pull requests waited, part by part."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from finops.attribution.management.asking import Answer, AnsweringCommand, add_scope, asked_scope
from finops.attribution.printed_comparisons import time_lines, times
from finops.attribution.queries.review_times import review_times


class Command(AnsweringCommand):
    help = "How long does work wait? Coding, pickup, review and deploy of merged pull requests."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_scope(parser)

    def answer(self, options: dict[str, Any]) -> Answer:
        found = review_times(asked_scope(options, now=timezone.now()))
        return times(found), time_lines(found)
