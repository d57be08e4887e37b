"""The two panels of a receipt: when the money was spent, and which lines add up to it."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.exports import amounts
from dashboards.fates import kind_of
from dashboards.figures.timeline import bars_data, models
from dashboards.panel import Asked, Panel, Table
from finops.attribution.queries.shapes import Receipt, ReceiptLine

LINES_SHOWN = 200
NAME_SHOWN = 14


def ask(asked: Asked) -> Receipt:
    """The page has already asked for the receipt, since it must know whether it may be seen."""
    receipt: Receipt = asked.subject
    return receipt


def show_timeline(receipt: Receipt, asked: Asked) -> dict[str, Any]:
    if not receipt.days:
        return {"answer": "No money has reached this item.", "both_views": False}
    data = bars_data(receipt, asked.currency)
    return {
        "answer": timeline_answer(receipt, asked),
        "figure": {
            "kind": "bars",
            "id": "life-data",
            "data": data,
            "words": "Cost by model over time, with the events of the item.",
        },
        "key": [model or "No model named" for model in models(receipt)],
        "rows": timeline_rows(receipt, asked),
        "how": (
            "Cost per day (UTC) of the cells that reached this item, by an exact key or by person and time window.",
        ),
        "links": [{"label": "Lines behind it", "href": asked.lines(item=receipt.item_id)}],
    }


def timeline_answer(receipt: Receipt, asked: Asked) -> SafeString | str:
    """How much came before the review or the end, and how much after the end."""
    end = receipt.completed_at or receipt.closed_at
    verb = kind_of(receipt.kind).verb if receipt.completed_at else "closed"
    if end is None:
        return "It is still open, so more may come."
    after = sum(nanos for day, _, nanos in receipt.days if day > end.date())
    if receipt.first_review_at and receipt.first_review_at < end:
        late = sum(n for day, _, n in receipt.days if day >= receipt.first_review_at.date())
        said = format_html(
            "{} of {} was spent from the first review on.",
            words.bold(words.money(late, asked.currency)),
            words.money(receipt.direct, asked.currency),
        )
    else:
        days = len({day for day, _, nanos in receipt.days if nanos})
        said = format_html("Spent on {}.", words.plural(days, "day"))
    if after > 0:
        return format_html(
            "{} {} came after it was {}.", said, words.money(after, asked.currency), verb
        )
    return format_html("{} Nothing was spent on it after it was {}.", said, verb)


def timeline_rows(receipt: Receipt, asked: Asked) -> list[dict[str, str]]:
    texts, _ = words.column(
        [n for _, _, n in receipt.days], receipt.direct, asked.currency, cents=True
    )
    return [
        {"day": words.day(day, year=True), "model": model or "–", "text": text}
        for (day, model, _), text in zip(receipt.days, texts, strict=True)
    ]


def timeline_table(receipt: Receipt, asked: Asked) -> Table:
    money = amounts([nanos for _, _, nanos in receipt.days])
    rows = [(f"{d}", model, m) for (d, model, _), m in zip(receipt.days, money, strict=True)]
    return Table(("day", "model", f"cost_{asked.currency.lower()}"), rows)


def in_order(receipt: Receipt) -> list[ReceiptLine]:
    return sorted(receipt.lines, key=lambda line: (line.tier, line.why, -line.nanos, line.day))


def show_lines(receipt: Receipt, asked: Asked) -> dict[str, Any]:
    lines = in_order(receipt)
    if not lines:
        return {"answer": "No bill line has reached this item.", "flush": False}
    texts, total = words.column(
        [line.nanos for line in lines], receipt.direct, asked.currency, cents=True
    )
    shown = list(zip(lines, texts, strict=True))[:LINES_SHOWN]
    return {
        "answer": lines_answer(receipt, lines, asked),
        "groups": [
            group(tier, why, list(pairs), lines, asked)
            for (tier, why), pairs in groupby(shown, key=lambda pair: (pair[0].tier, pair[0].why))
        ],
        "rest": words.plural(len(lines) - len(shown), "more line")
        if len(lines) > len(shown)
        else "",
        "rest_href": asked.lines(item=receipt.item_id),
        "total": total,
        "how": (
            (
                "Each charge was split over the usage it paid for, by list cost; cents by largest remainder, "
                "so that the lines add up."
            ),
            "A bill line opens with all its columns and the vendor’s own text.",
        ),
        "links": [{"label": "The same as cells", "href": asked.lines(item=receipt.item_id)}],
    }


def lines_answer(receipt: Receipt, lines: Sequence[ReceiptLine], asked: Asked) -> str:
    bills = len({line.filename for line in lines if line.filename})
    sources = sorted({line.source for line in lines})
    said = f"{words.plural(len(lines), 'line')} from {words.listed(sources)}"
    if bills:
        said += f", in {words.plural(bills, 'file')}"
    listed = [line.list_nanos for line in lines]
    known = [nanos for nanos in listed if nanos is not None]
    if known and len(known) == len(listed) and sum(known) != receipt.direct:
        return f"{said}; {words.money(sum(known), asked.currency)} at list price."
    return f"{said}."


def group(
    tier: str,
    why: str,
    pairs: Sequence[tuple[ReceiptLine, str]],
    lines: Sequence[ReceiptLine],
    asked: Asked,
) -> dict[str, Any]:
    """One rule in words with the money it brought, and its lines below."""
    nanos = sum(line.nanos for line in lines if (line.tier, line.why) == (tier, why))
    listed = [line.list_nanos for line, _ in pairs]
    known = [n for n in listed if n is not None]
    return {
        "tier": tier[:1],
        "why": f"{why[:1].upper()}{why[1:]}{'' if why.endswith('.') else '.'}",
        "at_list": words.money(sum(known), asked.currency, cents=True)
        if known and len(known) == len(listed)
        else "",
        "text": words.money(nanos, asked.currency, cents=True),
        "lines": [line_row(line, text, asked) for line, text in pairs],
    }


def line_row(line: ReceiptLine, text: str, asked: Asked) -> dict[str, Any]:
    nothing = words.unknown("not reported")
    price = None
    if line.list_nanos is not None and line.quantity:
        price = Decimal(line.list_nanos) / line.quantity * 1_000_000
    has_bill = line.charge_id is not None and line.charged_on is not None
    return {
        "model": line.model or line.vendor,
        "meter": line.meter.replace("_", " "),
        "day": words.day(line.day),
        "quantity": quantity(line.quantity) if line.quantity is not None else nothing,
        "price": words.money(price, asked.currency, cents=True) if price is not None else nothing,
        "at_list": words.money(line.list_nanos, asked.currency, cents=True)
        if line.list_nanos is not None
        else nothing,
        "text": text,
        "payer": line.payer,
        "href": f"/spend/lines/{line.charged_on}-{line.charge_id}/" if has_bill else "",
        "bill": bill_line(line.line, line.filename, line.source),
        "file": line.filename,
        "is_provisional": line.is_provisional,
    }


def bill_line(line: int | None, filename: str, source: str) -> str:
    """line 4,812, …report-2026-10.json: the end of a long name, which is where names differ."""
    name = filename.rpartition("/")[2]
    short = name if len(name) <= NAME_SHOWN else f"…{name[1 - NAME_SHOWN :]}"
    return f"line {line:,}, {short}" if line is not None else short or source


def quantity(tokens: Decimal) -> str:
    """Tokens in millions from 10,000 up."""
    if tokens >= 10_000:
        return f"{tokens / 1_000_000:,.3f}{words.NBSP}M"
    return f"{tokens:,.0f}" if tokens == tokens.to_integral_value() else f"{tokens:,.2f}"


def lines_table(receipt: Receipt, asked: Asked) -> Table:
    columns = (
        "tier",
        "why",
        "day",
        "vendor",
        "model",
        "meter",
        "quantity",
        f"list_{asked.currency.lower()}",
        f"cost_{asked.currency.lower()}",
        "provisional",
        "payer",
        "source",
        "file",
        "line",
    )
    lines = in_order(receipt)
    money = amounts([line.nanos for line in lines], receipt.direct)
    rows = [
        (
            x.tier,
            x.why,
            f"{x.day}",
            x.vendor,
            x.model,
            x.meter,
            f"{'' if x.quantity is None else x.quantity}",
            "" if x.list_nanos is None else f"{Decimal(x.list_nanos) / 10**9:.9f}",
            m,
            "yes" if x.is_provisional else "no",
            x.payer.name,
            x.source,
            x.filename,
            f"{x.line or ''}",
        )
        for x, m in zip(lines, money, strict=True)
    ]
    return Table(columns, rows)


TIMELINE = Panel(
    slug="when",
    question="When was the money spent?",
    template="panels/timeline.html",
    ask=ask,
    show=show_timeline,
    table=timeline_table,
    both_views=True,
)
LINES = Panel(
    slug="lines",
    question="Which lines add up to it?",
    template="panels/receipt_lines.html",
    ask=ask,
    show=show_lines,
    table=lines_table,
    flush=True,
    long=True,
)
