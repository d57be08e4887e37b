"""Where did each dollar go? From vendor to team to fate; the bands sum to the spend."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django.utils.html import format_html

from dashboards import words
from dashboards.exports import amounts
from dashboards.fates import FATE_ORDER, LOST, fate_label
from dashboards.figures.flow import flow_data
from dashboards.menus import mark
from dashboards.panel import Asked, Panel, Table
from finops.attribution.queries import flow
from finops.attribution.queries.shapes import FlowBand, TeamRef
from finops.people.access import Sight

OTHERS = TeamRef(id=None, slug="others", name="Other teams", color=0)


def ask(asked: Asked) -> list[FlowBand]:
    """The bands; teams out of sight are drawn as one, since the totals are everybody's."""
    return in_sight(flow.money_flow(asked.scope()), asked.sight)


def in_sight(bands: list[FlowBand], sight: Sight) -> list[FlowBand]:
    if sight.teams is None:
        return bands
    return merged([masked(band, sight) for band in bands])


def masked(band: FlowBand, sight: Sight) -> FlowBand:
    if sight.sees(band.team.id):
        return band
    return FlowBand(band.vendor, OTHERS, band.fate, band.nanos, band.provisional)


def merged(bands: Sequence[FlowBand]) -> list[FlowBand]:
    sums: dict[tuple[str, TeamRef, str], list[int]] = defaultdict(lambda: [0, 0])
    for band in bands:
        pair = sums[band.vendor, band.team, band.fate]
        pair[0] += band.nanos
        pair[1] += band.provisional
    return [FlowBand(*key, *pair) for key, pair in sums.items()]


def show(bands: Sequence[FlowBand], asked: Asked) -> dict[str, Any]:
    if not bands:
        return {"empty": nothing_spent(asked), "both_views": False}
    total = sum(band.nanos for band in bands)
    fates = by_fate(bands)
    data = flow_data(bands, asked.currency, opens(asked))
    credit = sum(band.nanos for band in bands if band.nanos < 0)
    return {
        "answer": answer(fates, total, bands, asked),
        "figure": {
            "kind": "flow",
            "id": "flow-data",
            "data": data,
            "words": "Flow of spend from vendor to team to fate.",
        },
        "fates": fate_rows(fates, total, asked),
        "table": team_fate_table(bands, asked),
        "how": how(bands, total, credit, asked),
        "links": [{"label": "Lines behind it", "href": asked.lines()}],
    }


def opens(asked: Asked) -> Callable[..., str]:
    """Where a band leads; nowhere when it is of teams that the asker may not look into."""

    def address(**where: str) -> str:
        return "" if where.get("team") == OTHERS.slug else asked.lines(**where)

    return address


def by_fate(bands: Sequence[FlowBand]) -> dict[str, int]:
    sums = dict.fromkeys(FATE_ORDER, 0)
    for band in bands:
        sums[band.fate] = sums.get(band.fate, 0) + band.nanos
    return sums


def answer(fates: dict[str, int], total: int, bands: Sequence[FlowBand], asked: Asked) -> str:
    """How much stands, how much was lost and where, how much reached nothing."""
    gone = sum(fates[fate] for fate in LOST)
    worst = largest_loser(bands)
    where = ""
    if gone > 0 and worst and worst[1] * 5 > gone and len({b.team for b in bands}) > 2:
        where = f", {words.percent(worst[1] / gone, 0)} of it in {worst[0].name},"
    return format_html(
        "{} ({}) is in work that stands. {} ({}) was redone or dropped{} and {} ({}) reached no work we can name.",
        words.bold(words.money(fates["value"], asked.currency)),
        part(fates["value"], total),
        words.bold(words.money(gone, asked.currency)),
        part(gone, total),
        where,
        words.bold(words.money(fates["unattributed"], asked.currency)),
        part(fates["unattributed"], total),
    )


def part(nanos: int, total: int) -> str:
    share = words.share_of(nanos, total)
    return words.percent(share) if share is not None else "–"


def largest_loser(bands: Sequence[FlowBand]) -> tuple[TeamRef, int] | None:
    sums: dict[TeamRef, int] = defaultdict(int)
    for band in bands:
        if band.fate in LOST:
            sums[band.team] += band.nanos
    return max(sums.items(), key=lambda pair: pair[1]) if sums else None


def fate_rows(fates: dict[str, int], total: int, asked: Asked) -> dict[str, Any]:
    """The eight bars that stand for the flow on a phone; they sum to the total."""
    shown = [fate for fate in FATE_ORDER if fates[fate]]
    texts, sum_text = words.column([fates[f] for f in shown], total, asked.currency, cents=False)
    top = max([fates[f] for f in shown] + [1])
    return {
        "rows": [
            {
                "fate": {"key": fate, "label": fate_label(fate)},
                "href": asked.lines(fate=fate),
                "bar": {
                    "parts": [
                        {"start": 0, "width": 100 * max(fates[fate], 0) / top, "fill": f"f-{fate}"}
                    ]
                },
                "text": text,
            }
            for fate, text in zip(shown, texts, strict=True)
        ],
        "total": sum_text,
    }


def team_fate_table(bands: Sequence[FlowBand], asked: Asked) -> dict[str, Any]:
    """The table view: a row per team, a column per fate; every column adds up to its foot."""
    sums: dict[TeamRef, dict[str, int]] = defaultdict(lambda: dict.fromkeys(FATE_ORDER, 0))
    for band in bands:
        sums[band.team][band.fate] += band.nanos
    used = [fate for fate in FATE_ORDER if any(row[fate] for row in sums.values())]
    teams = sorted(sums, key=lambda team: (team.id is None, -sum(sums[team].values())))
    columns = [written([sums[team][fate] for team in teams], asked) for fate in used]
    lead = opens(asked)
    alls, total = written([sum(sums[team].values()) for team in teams], asked)
    return {
        "heads": [{"key": fate, "label": fate_label(fate)} for fate in used],
        "rows": [
            {
                "name": team.name,
                "mark": mark(team),
                "cells": [
                    {
                        "text": texts[i],
                        "is_zero": not sums[team][fate],
                        "href": lead(team=team.slug or "none", fate=fate),
                    }
                    for fate, (texts, _) in zip(used, columns, strict=True)
                ],
                "total": alls[i],
            }
            for i, team in enumerate(teams)
        ],
        "totals": [foot for _, foot in columns],
        "total": total,
    }


def written(nanos: Sequence[int], asked: Asked) -> tuple[list[str], str]:
    """A column in whole units and its sum."""
    return words.column(nanos, sum(nanos), asked.currency, cents=False)


def how(bands: Sequence[FlowBand], total: int, credit: int, asked: Asked) -> list[str]:
    """What is counted, what of it is provisional, what the picture leaves out."""
    provisional = sum(band.provisional for band in bands)
    period, code = asked.state.period, asked.currency
    dates = f"{words.day(period.start)} to {words.day(period.last_day, year=True)}"
    said = [f"{asked.state.cost.capitalize()} cost of everything dated {dates}."]
    if provisional:
        said.append(
            f"Of it {words.money(provisional, code)} is provisional: usage at list price after the contract "
            "discount, until the bill is in."
        )
    said.append(
        "Each dollar has exactly one fate, from the state of the work item it reached; "
        f"every column sums to {words.money(total, code)}."
    )
    if credit:
        said.append(
            f"Credits of {words.money(credit, code)} have no width and are left out of the picture; "
            "the table holds them."
        )
    return said


def nothing_spent(asked: Asked) -> dict[str, Any]:
    return {
        "title": f"Nothing was spent in {words.period_name(asked.state.period)}",
        "why": "No bill and no usage of this period is in the books. Choose another period, or bring the bill in.",
        "actions": [{"label": "Upload a bill", "href": "/setup/upload/"}]
        if asked.sight.can_upload
        else [],
    }


def table(bands: Sequence[FlowBand], asked: Asked) -> Table:
    columns = ("vendor", "team", "fate", f"amount_{asked.currency.lower()}", "of_which_provisional")
    order = sorted(bands, key=lambda band: (band.vendor, band.team.name, band.fate))
    money = amounts([band.nanos for band in order])
    soft = amounts([band.provisional for band in order])
    rows = [
        (b.vendor, b.team.name, b.fate, m, p) for b, m, p in zip(order, money, soft, strict=True)
    ]
    return Table(columns, rows)


PANEL = Panel(
    slug="flow",
    question="Where did each dollar go?",
    template="panels/flow.html",
    ask=ask,
    show=show,
    table=table,
    both_views=True,
    tall=True,
)
