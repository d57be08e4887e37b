"""The unit cost report, asked once per request for each scope and grouping."""

from typing import Literal

from dashboards.panel import Asked
from finops.attribution.queries import unit_costs
from finops.attribution.queries.shapes import Scope, UnitCostReport, UnitCostRow

By = Literal["team", "month", "kind", "outcome", "tier", "fate", "person"]


def report(asked: Asked, scope: Scope, by: By | None = None) -> UnitCostReport:
    answer: UnitCostReport = asked.once(
        (scope, by), lambda: unit_costs.unit_cost(scope, by=by, now=asked.now)
    )
    return answer


def total(asked: Asked, scope: Scope) -> UnitCostRow:
    return report(asked, scope).total


def total_before(asked: Asked) -> UnitCostRow | None:
    """The total of the period that the page compares with, if it compares."""
    if asked.state.against is None:
        return None
    return total(asked, asked.scope(asked.state.against))


def everybody(asked: Asked) -> UnitCostRow:
    """The total of all teams: the yardstick of one team."""
    return total(asked, Scope(asked.state.period, None, asked.state.cost))
