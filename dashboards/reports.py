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
    """The row of the page's team, with its sub-teams. One with neither money nor work has a row
    of nothing."""
    if is_group(asked):
        return of_page(asked).now.total
    found = next((row for row in all_teams(asked).now.rows if row.team == asked.team), None)
    return found or of_page(asked).now.total


def team_row_before(asked: Asked) -> UnitCostRow | None:
    if is_group(asked):
        return of_page(asked).before
    return next((row for row in all_teams(asked).rows_before if row.team == asked.team), None)


def is_group(asked: Asked) -> bool:
    """Whether the page is about a team with sub-teams, now or at some time of the period."""
    scope = asked.scope()
    return scope.then is not None or len(scope.teams or ()) > 1


def yardstick(asked: Asked) -> UnitCostRow:
    return all_teams(asked).now.total
