"""The slip of a receipt: the total, its tiers, the chain it belongs to, and the facts."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.fates import TIER_NAMES, fate_label, kind_of
from dashboards.menus import mark
from dashboards.panel import Asked
from dashboards.panels.work import short_id, size_class
from finops.attribution.queries.shapes import Receipt

DIRECT_TIERS = ("A", "B")


def slip(receipt: Receipt, asked: Asked) -> dict[str, Any]:
    """Everything pages/receipt.html draws beside the panels."""
    say = [receipt.tiers.get(tier, 0) for tier in DIRECT_TIERS]
    texts, direct = words.column(say, receipt.direct, asked.currency, cents=True)
    shares, loaded = words.column(
        [receipt.direct, receipt.pool_share, receipt.overhead_share],
        receipt.direct + receipt.pool_share + receipt.overhead_share,
        asked.currency,
        cents=True,
    )
    return {
        "receipt": receipt,
        "lead": lead(receipt, asked),
        "team": {
            "name": receipt.team.name,
            "mark": mark(receipt.team),
            "href": f"/teams/{receipt.team.slug}/"
            if asked.sight.sees(receipt.team.id) and receipt.team.id
            else "",
        },
        "direct": direct,
        "bar": tier_bar(receipt),
        "tiers": [
            {"tier": tier, "words": TIER_NAMES[tier], "text": text}
            for tier, text, nanos in zip(DIRECT_TIERS, texts, say, strict=True)
            if nanos
        ],
        "pool": shares[1],
        "overhead": shares[2],
        "loaded": loaded,
        "fate": {"key": receipt.fate, "label": fate_label(receipt.fate)},
        "related": related(receipt, asked),
        "facts": facts(receipt),
        "payers": payers(receipt, asked),
        "person_level": asked.organisation.person_level,
    }


def lead(receipt: Receipt, asked: Asked) -> SafeString:
    """Keep the cart cost $260.71 in five sessions. It was merged on 8 October and is ..."""
    title = words.bold(receipt.title or receipt.external_id)
    cost = words.bold(words.money(receipt.direct, asked.currency, cents=True))
    sessions = ""
    if receipt.sessions:
        sessions = (
            f" in {words.in_words(receipt.sessions)} session{'s' if receipt.sessions != 1 else ''}"
        )
    if not receipt.direct and not receipt.lines:
        return format_html("No money is tied to {}. {}", title, end_sentence(receipt))
    return format_html("{} cost {}{}. {}", title, cost, sessions, fate_sentence(receipt))


def fate_sentence(receipt: Receipt) -> str:
    if receipt.completed_at:
        fate = fate_label(receipt.fate).lower()
        return f"{end_sentence(receipt)[:-1]}; what it cost counts as {fate}."
    return end_sentence(receipt)


def end_sentence(receipt: Receipt) -> str:
    verb = kind_of(receipt.kind).verb
    if receipt.completed_at:
        return f"It was {verb} on {words.day(receipt.completed_at.date(), year=True)}."
    if receipt.closed_at:
        return f"It was closed on {words.day(receipt.closed_at.date(), year=True)} without being {verb}."
    return "It is still open, so more may come."


def tier_bar(receipt: Receipt) -> dict[str, Any] | None:
    whole = sum(receipt.tiers.get(tier, 0) for tier in DIRECT_TIERS)
    if whole <= 0:
        return None
    exact = 100 * receipt.tiers.get("A", 0) / whole
    parts = [{"start": 0, "width": exact, "fill": "a"}]
    if exact < 100:
        parts.append({"start": exact + 0.5, "width": max(0.0, 99.5 - exact), "fill": "p"})
    return {"parts": parts, "words": f"Tier A {exact:.0f}, tier B {100 - exact:.0f} per cent"}


def related(receipt: Receipt, asked: Asked) -> dict[str, Any] | None:
    """What reverts, fixes or redoes it, and what all of them cost together."""
    if not receipt.related:
        return None
    whole = receipt.direct + sum(nanos for _, _, _, nanos in receipt.related)
    return {
        "parts": [
            {
                "role": role[:1].upper() + role[1:],
                "href": f"/outcomes/{item_id}/",
                "number": short_id(external_id),
                "text": words.money(nanos, asked.currency, cents=True),
            }
            for role, item_id, external_id, nanos in receipt.related
        ],
        "whole": words.money(whole, asked.currency, cents=True),
    }


def facts(receipt: Receipt) -> list[tuple[str, SafeString | str]]:
    found: list[tuple[str, SafeString | str]] = []
    if receipt.cycle_days is not None:
        label = "Cycle time" if receipt.completed_at else "Open for"
        found.append((label, f"{receipt.cycle_days:.1f} days"))
    if receipt.lines_changed is not None:
        size = f"{size_class(receipt.lines_changed)}, {words.plural(receipt.lines_changed, 'line')}"
        found.append(("Size", size))
    if receipt.people:
        found.append(("People", words.count(receipt.people)))
    return found


def payers(receipt: Receipt, asked: Asked) -> list[dict[str, Any]]:
    """Who paid, so that a receipt of one team shows the money of another."""
    only = len(receipt.payers) == 1
    return [
        {
            "name": f"{team.name}, "
            + ("all of it" if only else words.money(nanos, asked.currency, cents=True)),
            "mark": mark(team),
        }
        for team, nanos in receipt.payers
    ]
