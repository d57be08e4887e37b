"""On what? Tools and models, by money and by the outcomes they took part in."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.exports import amounts, ratio
from dashboards.panel import Asked, Panel, Table
from finops.attribution.queries import mix
from finops.attribution.queries.shapes import MixRow

SHOWN = 8


def ask(asked: Asked) -> list[MixRow]:
    return sorted(mix.model_mix(asked.seen()), key=lambda row: -row.nanos)


def show(found: Sequence[MixRow], asked: Asked) -> dict[str, Any]:
    if not found:
        return {"answer": "Nothing was spent in this period."}
    money = sum(row.nanos for row in found)
    work = sum((row.outcomes for row in found), start=Decimal(0))
    head = found[:SHOWN]
    rest = found[SHOWN:]
    digits = 1 if any(row.outcomes % 1 for row in found) else 0
    nanos = [row.nanos for row in head] + [sum(row.nanos for row in rest)]
    texts, total = words.column(nanos, money, asked.currency, cents=False)
    top = max(
        [float(share(r.nanos, money)) for r in head]
        + [float(share(r.outcomes, work)) for r in head]
        + [0.01]
    )
    return {
        "answer": answer(found, money, work),
        "rows": [
            row_of(row, text, money, work, top, asked)
            | {"outcomes": credited(row.outcomes, digits)}
            for row, text in zip(head, texts, strict=False)
        ],
        "rest": {"count": words.plural(len(rest), "more model"), "text": texts[-1]}
        if rest
        else None,
        "total": total,
        "outcomes": f"{work:,.{digits}f}",
        "how": HOW,
        "links": [{"label": "Lines behind it", "href": asked.lines()}],
    }


HOW = (
    (
        "An outcome is credited to the models whose money reached it, by the direct cost; the credits sum to the "
        "finished work of the period. Seats name no work, so they have none."
    ),
    "Durable rates of fewer than ten matured outcomes are not shown.",
)


def share(part: Any, whole: Any) -> Decimal:
    return words.share_of(part, whole) or Decimal(0)


def answer(found: Sequence[MixRow], money: int, work: Decimal) -> SafeString:
    first = found[0]
    name = first.model or first.vendor
    return format_html(
        "{} takes {} of the money and {} of the finished work.",
        words.bold(name),
        words.percent(share(first.nanos, money), 0),
        words.percent(share(first.outcomes, work), 0),
    )


def credited(outcomes: Decimal, digits: int) -> SafeString | str:
    return f"{outcomes:,.{digits}f}" if outcomes else words.unknown("names no work")


def row_of(
    row: MixRow, text: str, money: int, work: Decimal, top: float, asked: Asked
) -> dict[str, Any]:
    of_money, of_work = share(row.nanos, money), share(row.outcomes, work)
    return {
        "vendor": row.vendor,
        "model": row.model or "no model named",
        "href": asked.lines(vendor=row.vendor, model=row.model),
        "text": text,
        "pair": {
            "first": 100 * float(of_money) / top,
            "second": 100 * float(of_work) / top,
            "words": f"{words.percent(of_money, 0)} of spend, {words.percent(of_work, 0)} of outcomes",
        },
        "durable": words.percent(row.durable_share, 0)
        if row.durable_share is not None
        else words.unknown("fewer than ten matured outcomes"),
    }


def table(found: Sequence[MixRow], asked: Asked) -> Table:
    columns = ("vendor", "model", f"spend_{asked.currency.lower()}", "outcomes", "durable_share")
    money = amounts([row.nanos for row in found])
    rows = [
        (r.vendor, r.model, m, f"{r.outcomes:.4f}", ratio(r.durable_share))
        for r, m in zip(found, money, strict=True)
    ]
    return Table(columns, rows)


PANEL = Panel("on-what", "On what?", "panels/mix.html", ask, show, table, span=6)
