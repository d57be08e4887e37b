"""What was redone? Reverts, rework and dropped work in money, worst first, as chains."""

from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import verdicts, words
from dashboards.exports import amounts
from dashboards.fates import FINISHED, LOST, fate_label
from dashboards.panel import Asked, Panel, Table
from dashboards.panels.work import short_id
from dashboards.reports import comparison, team_row, yardstick
from finops.attribution.queries import items
from finops.attribution.queries.shapes import Chain, UnitCostRow

SHOWN = 5
EXPORTED_MAX = 1000


@dataclass(frozen=True)
class Redone:
    """The worst chains, the money of all of them, and the fates they are measured against."""

    chains: list[Chain]
    nanos: int
    row: UnitCostRow
    company: UnitCostRow | None


def ask(asked: Asked) -> Redone:
    chains, nanos = items.redone(asked.seen(), limit=SHOWN)
    if asked.team:
        return Redone(chains, nanos, team_row(asked), yardstick(asked))
    return Redone(chains, nanos, comparison(asked, asked.seen()).now.total, None)


def show(found: Redone, asked: Asked) -> dict[str, Any]:
    whole = verdicts.finished(found.row)
    if not whole:
        return {"answer": "No work came to an end in this period."}
    listed = sum(chain.nanos for chain in found.chains)
    nanos = [chain.nanos for chain in found.chains] + [found.nanos - listed]
    texts, whole_text = words.column(nanos, found.nanos, asked.currency, cents=True)
    return {
        "answer": answer(found, asked),
        "bar": fates_bar(found.row, whole),
        "key": [
            {
                "fate": {"key": f, "label": fate_label(f)},
                "text": words.money(found.row.fates.get(f, 0), asked.currency, cents=False),
            }
            for f in FINISHED
            if found.row.fates.get(f)
        ],
        "chains": [
            chain_row(chain, text) for chain, text in zip(found.chains, texts, strict=False)
        ],
        "rest": texts[-1] if found.nanos != listed else "",
        "total": whole_text,
        "how": HOW,
        "links": [
            {"label": f"{fate_label(fate)} lines", "href": asked.lines(fate=fate)}
            for fate in LOST
            if found.row.fates.get(fate)
        ],
    }


HOW = (
    (
        "Reverted: the item itself was reverted. Rework: items that revert or fix another while it had to prove itself "
        "durable. Abandoned: closed without being done. Each dollar has one of these labels; nothing is counted twice."
    ),
)


def answer(found: Redone, asked: Asked) -> SafeString:
    gone = words.bold(words.money(verdicts.lost(found.row), asked.currency))
    share = verdicts.hidden_share(found.row)
    beside = verdicts.hidden_share(found.company) if found.company else None
    against = f", against {words.percent(beside)} for all teams" if beside is not None else ""
    return format_html("{}, or {} of finished work{}.", gone, words.percent(share or 0), against)


def fates_bar(row: UnitCostRow, whole: int) -> dict[str, Any]:
    parts, start = [], 0.0
    for fate in FINISHED:
        width = 100 * row.fates.get(fate, 0) / whole
        if width > 0:
            parts.append({"start": start, "width": max(0.3, width - 0.4), "fill": f"f-{fate}"})
            start += width
    return {"parts": parts, "large": True, "words": "Finished work by fate"}


def chain_row(chain: Chain, text: str) -> dict[str, Any]:
    parts = [
        {
            "href": f"/outcomes/{item_id}/",
            "number": short_id(external_id),
            "role": "" if role == "first" else role,
            "is_after": role.startswith("closed"),
        }
        for item_id, external_id, role in chain.items
    ]
    return {"title": chain.title, "parts": parts, "text": text}


def table(found: Redone, asked: Asked) -> Table:
    chains, _ = items.redone(asked.seen(), limit=EXPORTED_MAX)
    money = amounts([chain.nanos for chain in chains])
    rows = [
        (
            chain.title,
            "; ".join(f"{external_id} ({role})" for _, external_id, role in chain.items),
            amount,
        )
        for chain, amount in zip(chains, money, strict=True)
    ]
    return Table(("work", "chain", f"redone_or_dropped_{asked.currency.lower()}"), rows)


PANEL = Panel("redone", "What was redone?", "panels/redone.html", ask, show, table, span=6)
