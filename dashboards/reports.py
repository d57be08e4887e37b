"""The unit cost report of a page and of what it is compared with, asked once per request."""

from dataclasses import replace
from typing import Literal

from dashboards.panel import Asked
from finops.attribution.queries.comparison import Comparison, compared
from finops.attribution.queries.shapes import Scope, UnitCostRow

By = Literal["team"] | None


def comparison(asked: Asked, scope: Scope, by: By = None) -> Comparison:
    """The report of the scope, beside the period that the page compares with."""

    def ask() -> Comparison:
        company, against = asked.organisation, asked.state.against
        return compared(scope, against, by=by, now=asked.now, company=company)

    found: Comparison = asked.once((scope, by), ask)
    return found


def of_page(asked: Asked) -> Comparison:
    """All that the page is about, without rows."""
    return comparison(asked, asked.scope())


def by_team(asked: Asked) -> Comparison:
    return comparison(asked, asked.scope(), "team")


def all_teams(asked: Asked) -> Comparison:
    """All teams whatever the page is about: holds a team's row and its yardstick at once."""
    return comparison(asked, replace(asked.scope(), teams=None), "team")


def team_row(asked: Asked) -> UnitCostRow:
    """The row of the page's team. One with neither money nor work has a row of nothing."""
    found = next((row for row in all_teams(asked).now.rows if row.team == asked.team), None)
    return found or of_page(asked).now.total


def team_row_before(asked: Asked) -> UnitCostRow | None:
    return next((row for row in all_teams(asked).rows_before if row.team == asked.team), None)


def yardstick(asked: Asked) -> UnitCostRow:
    return all_teams(asked).now.total
