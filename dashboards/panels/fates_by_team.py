"""What became of each team's money? One bar per team, split by fate."""

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import verdicts, words
from dashboards.exports import amounts
from dashboards.fates import FATE_ORDER, fate_label
from dashboards.menus import mark
from dashboards.panel import Asked, Panel, Table
from dashboards.panels.teams import by_spend, seen
from dashboards.reports import by_team
from finops.attribution.queries.shapes import UnitCostReport, UnitCostRow


def ask(asked: Asked) -> UnitCostReport:
    return seen(by_team(asked).now, asked)


def show(found: UnitCostReport, asked: Asked) -> dict[str, Any]:
    rows = [row for row in by_spend(found.rows) if row.spend > 0]
    if not rows:
        return {"answer": "Nothing was spent in this period."}
    used = [fate for fate in FATE_ORDER if any(row.fates.get(fate) for row in rows)]
    top = max(row.spend for row in rows)
    return {
        "answer": answer(rows),
        "key": [{"key": fate, "label": fate_label(fate)} for fate in used],
        "rows": [bar_row(row, used, top, asked) for row in rows],
        "how": (
            "Each dollar of a team has one fate, from the state of the work item it reached. Bars share one scale.",
        ),
        "links": [{"label": "Lines behind it", "href": asked.lines()}],
    }


def bar_row(row: UnitCostRow, used: Sequence[str], top: int, asked: Asked) -> dict[str, Any]:
    parts, start = [], 0.0
    for fate in used:
        width = 100 * max(row.fates.get(fate, 0), 0) / top
        if width > 0:
            parts.append({"start": start, "width": width, "fill": f"f-{fate}"})
            start += width
    share = verdicts.hidden_share(row)
    team = row.team
    said = ", ".join(
        f"{fate_label(f).lower()} {words.money(row.fates.get(f, 0), asked.currency)}"
        for f in used
        if row.fates.get(f)
    )
    return {
        "name": row.label,
        "mark": mark(team) if team else "none",
        "href": f"/teams/{team.slug}/{asked.state.query()}"
        if team and team.id
        else asked.lines(team="none"),
        "bar": {"parts": parts, "large": True, "words": f"{row.label}: {said}"},
        "spend": words.money(row.spend, asked.currency, cents=False),
        "hidden": words.percent(share, 0)
        if share is not None
        else words.unknown("no finished work"),
    }


def answer(rows: Sequence[UnitCostRow]) -> SafeString | str:
    """The team that loses the largest share of what it finished."""
    known = [(share, row) for row in rows if (share := verdicts.hidden_share(row)) is not None]
    if not known:
        return "No finished work in this period, so nothing can be said about what lasted."
    share, worst = max(known, key=lambda pair: pair[0])
    if share <= 0:
        return "Nothing that was finished was redone, reverted or dropped."
    return format_html(
        "{} lost the largest share of what it finished: {} was redone, reverted or dropped.",
        worst.label,
        words.bold(words.percent(share, 0)),
    )


def table(found: UnitCostReport, asked: Asked) -> Table:
    order = by_spend(found.rows)
    columns = ("team", *(f"{fate}_{asked.currency.lower()}" for fate in FATE_ORDER))
    by_fate = [amounts([row.fates.get(fate, 0) for row in order]) for fate in FATE_ORDER]
    return Table(columns, [(row.label, *(c[i] for c in by_fate)) for i, row in enumerate(order)])


PANEL = Panel(
    "fates-by-team",
    "What became of each team’s money?",
    "panels/fates_by_team.html",
    ask,
    show,
    table,
)
