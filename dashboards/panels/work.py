"""Which work did it pay for? The dearest items of the period; each opens its receipt."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.exports import amounts
from dashboards.fates import FATE_ORDER, TIER_WORDS, fate_label
from dashboards.panel import Asked, Panel, Table
from finops.attribution.queries import items
from finops.attribution.queries.shapes import ItemList, ItemRow
from finops.outcomes import sizes

SHOWN = 10

EXPORTED_MAX = 10_000
TABS = ("value", "in_progress", "rework", "reverted", "abandoned")


def ask(asked: Asked, limit: int = SHOWN) -> ItemList:
    return items.work_items(
        asked.seen(),
        fate=wanted_fate(asked),
        kind=asked.params.get("kind") or "",
        search=asked.params.get("search") or "",
        limit=limit,
        now=asked.now,
    )


def wanted_fate(asked: Asked) -> str:
    fate = asked.params.get("fate") or ""
    return fate if fate in FATE_ORDER else ""


def show(found: ItemList, asked: Asked) -> dict[str, Any]:
    if not found.count and not found.fates:
        return {"empty": no_items(asked), "flush": False}
    rest = found.count - len(found.rows)
    nanos = [item.nanos for item in found.rows] + [found.rest_nanos]
    texts, total = words.column(nanos, found.nanos, asked.currency, cents=True)
    top = max([item.nanos for item in found.rows] + [1])
    return {
        "answer": answer(found, asked),
        "tabs": tabs(found, asked),
        "rows": [row(item, text, top) for item, text in zip(found.rows, texts, strict=False)],
        "has_sizes": any(item.lines is not None for item in found.rows),
        "rest": {"count": words.plural(rest, "more item"), "text": texts[-1]} if rest > 0 else None,
        "total": total,
        "cost_head": f"Cost in {words.short_period_name(asked.state.period)}",
        "how": HOW if any(item.lines is not None for item in found.rows) else HOW[:-1],
        "links": [
            {
                "label": "Lines behind it",
                "href": asked.lines(tier="AB", fate=wanted_fate(asked)),
            }
        ],
    }


HOW = (
    (
        "Cost of the period’s cells that reached the item by an exact key (A) or by person and time window (B). "
        "A receipt also holds cells of other months."
    ),
    "Cycle time: from the start of the work to its completion.",
    "Size: changed lines, from XS to XL.",
)


def answer(found: ItemList, asked: Asked) -> SafeString | str:
    fate = wanted_fate(asked)
    if not found.rows:
        return "No item matches."
    noun = words.plural(found.count, "item")
    said = f" with the fate {fate_label(fate).lower()}" if fate else ""
    tail = ""
    if found.count > len(found.rows):
        tail = f" The {words.in_words(len(found.rows))} dearest are below; each opens its receipt."
    return format_html(
        "{}{} took {}.{}",
        noun,
        said,
        words.bold(words.money(found.nanos, asked.currency)),
        tail,
    )


def tabs(found: ItemList, asked: Asked) -> list[dict[str, Any]]:
    """All, and each fate with its money; the numbers do not change with the tab."""
    count = sum(pair[0] for pair in found.fates.values())
    shown = [tab(asked, "", f"All {count:,}", "")]
    for fate in TABS:
        number, nanos = found.fates.get(fate, (0, 0))
        if number:
            money = words.money(nanos, asked.currency, cents=False)
            shown.append(tab(asked, fate, fate_label(fate), money))
    return shown


def tab(asked: Asked, fate: str, label: str, text: str) -> dict[str, Any]:
    pairs = [("fate", fate), *((name, asked.params.get(name) or "") for name in ("kind", "search"))]
    return {
        "key": fate,
        "label": label,
        "text": text,
        "href": f"{asked.home}{asked.state.query(*pairs)}#{PANEL.slug}",
        "fragment": f"/panels/{asked.page}/{PANEL.slug}/{asked.state.query(('of', asked.of), *pairs)}",
        "current": wanted_fate(asked) == fate,
    }


def row(item: ItemRow, text: str, top: int) -> dict[str, Any]:
    return {
        "href": f"/outcomes/{item.item_id}/",
        "number": short_id(item.external_id),
        "title": item.title or item.external_id,
        "text": text,
        "bar": {
            "parts": [
                {"start": 0, "width": 100 * max(item.nanos, 0) / top, "fill": f"f-{item.fate}"}
            ]
        },
        "fate": {"key": item.fate, "label": fate_label(item.fate)},
        "tier": item.tiers,
        "tier_words": "; ".join(TIER_WORDS[t] for t in item.tiers.split("+") if t in TIER_WORDS),
        "cycle": cycle(item),
        "size": size_class(item.lines),
        "people": words.count(item.people) if item.people else words.unknown("nobody is named"),
    }


def short_id(external_id: str) -> str:
    """#4098 from owner/repo#4098; other keys as they are."""
    return f"#{external_id.rpartition('#')[2]}" if "#" in external_id else external_id


def cycle(item: ItemRow) -> SafeString | str:
    if item.cycle_days is None:
        return words.unknown("start or end is not known")
    days = f"{item.cycle_days:.1f} d"
    return {"open": f"open {days}", "reopened": f"open {days}", "abandoned": f"closed {days}"}.get(
        item.state, days
    )


def size_class(lines: int | None) -> SafeString | str:
    """XS to XL by changed lines."""
    if lines is None:
        return words.unknown("size is not known")
    return sizes.size_class(lines)


def no_items(asked: Asked) -> dict[str, Any]:
    name = asked.team.name if asked.team else "these teams"
    period = words.period_name(asked.state.period)
    actions = [{"label": "Connect a source of work", "href": "/setup/"}]
    return {
        "title": "No work item took any of this money",
        "why": f"No pull request, ticket or conversation is tied to what {name} spent in {period}. "
        "Either the work is not connected yet, or nothing names it.",
        "steps": [
            "Connect the place where the work lives, or upload outcomes.",
            "Map the keys and people that spend to the team.",
        ],
        "actions": actions if asked.sight.can_upload else [],
    }


def table(found: ItemList, asked: Asked) -> Table:
    """All items, not only the ones on the screen; `ask` is repeated with a higher limit."""
    every = ask(asked, EXPORTED_MAX) if found.count > len(found.rows) else found
    columns = (
        "kind",
        "id",
        "title",
        f"cost_{asked.currency.lower()}",
        "fate",
        "tiers",
        "state",
        "cycle_days",
        "changed_lines",
        "people",
        "completed_on",
        "url",
    )
    money = amounts([item.nanos for item in every.rows])
    rows = [
        (
            i.kind,
            i.external_id,
            i.title,
            m,
            i.fate,
            i.tiers,
            i.state,
            f"{i.cycle_days:.2f}" if i.cycle_days is not None else "",
            f"{i.lines}" if i.lines is not None else "",
            f"{i.people}",
            f"{i.completed_on or ''}",
            i.url,
        )
        for i, m in zip(every.rows, money, strict=True)
    ]
    return Table(columns, rows)


PANEL = Panel(
    slug="work",
    question="Which work did it pay for?",
    template="panels/work.html",
    ask=ask,
    show=show,
    table=table,
    flush=True,
    tall=True,
    long=True,
)
