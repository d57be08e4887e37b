"""Which panels stand on which page, in order. The first `eager` ones come with the page."""

from dataclasses import dataclass, replace

from dashboards.panel import Panel
from dashboards.panels import (
    changes,
    fates_by_team,
    flow,
    like_for_like,
    mix,
    people,
    receipt,
    reconcile_bridge,
    reconcile_months,
    redone,
    teams,
    trend,
    trust,
    untied,
    waiting,
    work,
)


@dataclass(frozen=True)
class Page:
    """An ordered list of panels."""

    slug: str
    panels: tuple[Panel, ...]
    eager: int = 1

    def panel(self, slug: str) -> Panel | None:
        return next((panel for panel in self.panels if panel.slug == slug), None)


OVERVIEW = Page("overview", (flow.PANEL, changes.PANEL, trend.PANEL, teams.PANEL, trust.PANEL))
TEAMS = Page("teams", (teams.PANEL, like_for_like.PANEL, fates_by_team.PANEL, work.PANEL))
TEAM = Page(
    "team",
    (
        replace(trend.PANEL, question="Is a dollar buying more or less here?", span=12),
        like_for_like.PANEL,
        work.PANEL,
        redone.PANEL,
        mix.PANEL,
        untied.PANEL,
        waiting.PANEL,
        replace(people.PANEL, span=6),
    ),
    # The strip already comes with the page, and what the trend asks would double its wait.
    eager=0,
)
RECEIPT = Page("receipt", (receipt.TIMELINE, receipt.LINES), eager=2)
# For finance and administrators.
RECONCILE = Page("reconcile", (reconcile_bridge.PANEL, reconcile_months.PANEL), eager=2)

PAGES = {page.slug: page for page in (OVERVIEW, TEAMS, TEAM, RECEIPT, RECONCILE)}
