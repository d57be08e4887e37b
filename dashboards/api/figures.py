"""Endpoints of the figures: unit costs, spend, trend, what changed."""

from typing import Any, get_args

from rest_framework.exceptions import PermissionDenied

from dashboards.api import shapes
from dashboards.api.base import Endpoint, Question
from dashboards.api.described import described, parameter
from dashboards.panels.flow import in_sight
from finops.attribution import printed
from finops.attribution.queries.changes import what_changed
from finops.attribution.queries.flow import money_flow
from finops.attribution.queries.shapes import Scope
from finops.attribution.queries.trend import weekly
from finops.attribution.queries.unit_costs import By, PersonLevelOffError, unit_cost
from finops.outcomes.kinds import KINDS

BY = get_args(By)
NAMES_TEAMS = ("team", "outcome", "person")  # groupings that show more than totals
WEEKS, WEEKS_MAX = 13, 53


def envelope(question: Question, scope: Scope) -> dict[str, Any]:
    """What stands above every answer: the currency, the period, the cost column."""
    return {
        "currency": question.currency,
        "period": {"start": scope.period.start, "end": scope.period.end},
        "cost": scope.cost,
    }


class UnitCosts(Endpoint):
    parameters = ("by",)

    @described(
        "What an outcome cost, and where the money went",
        shapes.UnitCostsShape,
        parameter("by", "One row for each of these.", enum=list(BY)),
    )
    def get(self, question: Question) -> Any:
        by: Any = question.choice("by", BY) or None
        scope = question.seen if by in NAMES_TEAMS else question.scope
        try:
            report = unit_cost(scope, by=by, now=question.now)
        except PersonLevelOffError as error:
            raise PermissionDenied(f"{str(error).capitalize()}.") from None
        return {**envelope(question, scope), **printed.report(report)}


class Spend(Endpoint):
    @described("Which vendor's money was paid by which team and met which fate", shapes.SpendShape)
    def get(self, question: Question) -> Any:
        bands = in_sight(money_flow(question.scope), question.sight)
        answer = {
            **envelope(question, question.scope),
            "total": sum(band.nanos for band in bands),
            "bands": bands,
        }
        return shapes.SpendShape(answer).data


class Trend(Endpoint):
    parameters = ("kind", "weeks")

    @described(
        "Spend and unit cost by week",
        shapes.TrendShape,
        parameter("kind", "Kind of outcome; pull_request by default.", enum=list(KINDS)),
        parameter("weeks", "How many weeks, up to the period's end.", type="integer",
                  minimum=1, maximum=WEEKS_MAX),
    )  # fmt: skip
    def get(self, question: Question) -> Any:
        kind = question.choice("kind", tuple(KINDS), "pull_request")
        weeks = question.number("weeks", WEEKS, 1, WEEKS_MAX)
        rows = weekly(question.scope, kind=kind, weeks=weeks, now=question.now)
        answer = {**envelope(question, question.scope), "kind": kind, "weeks": rows}
        return shapes.TrendShape(answer).data


class Changes(Endpoint):
    @described("Why spend differs from the period compared with", shapes.ChangesShape)
    def get(self, question: Question) -> Any:
        change = what_changed(question.scope, question.against)
        answer = {
            **envelope(question, question.scope),
            "against": question.against,
            "before": change.before,
            "after": change.after,
            "causes": change.causes,
        }
        return shapes.ChangesShape(answer).data
