"""Does it tie to the invoice? Every vendor's months: usage at list price, bill, invoice."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from dashboards import reconcile_words, words
from dashboards.api.shapes import exact
from dashboards.panel import Asked, Panel, Table
from finops.attribution.queries.reconcile import MONTHS_SHOWN, Reconciled, report
from finops.periods import Period, add_months, month_of

HOW = (
    (
        "Usage at list price: what the logs saw, each call once, at the price book’s "
        "prices. Bill: the lines of the vendor’s bill that book money, in the month in "
        "which their billing period starts. Invoice: what was typed in or came as a file, "
        "tax included."
    ),
    (
        "It ties when the invoice is the bill to the cent. Amounts are in the bill’s "
        "currency; an invoice in another one is converted at our rate of the day it was "
        "issued."
    ),
)  # fmt: skip


def months_of(asked: Asked) -> Period:
    """A year up to the period's end, or the period when that is longer."""
    end = add_months(month_of(asked.state.period.last_day).start, 1)
    return Period(min(add_months(end, -MONTHS_SHOWN), asked.state.period.start.replace(day=1)), end)


def ask(asked: Asked) -> list[Reconciled]:
    period = months_of(asked)
    found: list[Reconciled] = asked.once(("reconcile", period), lambda: report(period))
    return found


def show(lines: Sequence[Reconciled], asked: Asked) -> dict[str, Any]:
    if not lines:
        return {"empty": EMPTY, "flush": False}
    chosen_line = chosen(lines, asked)
    return {
        "answer": reconcile_words.sums(lines, asked.currency),
        "months": by_month(lines, chosen_line, asked),
        "how": HOW,
        "links": [{"label": "Invoices", "href": "/setup/invoices/"}],
    }


EMPTY = {
    "title": "There is no bill to hold against an invoice",
    "why": (
        "A bill is what the vendor’s system exports; an invoice is what it asks for. With "
        "both here, every difference gets a name."
    ),
    "actions": [
        {"label": "Upload a bill", "href": "/setup/upload/"},
        {"label": "Type in an invoice", "href": "/setup/invoices/new/"},
    ],
}  # fmt: skip


def chosen(lines: Sequence[Reconciled], asked: Asked) -> Reconciled | None:
    """The line that the address names; else the newest of the period that is off, or any."""
    get = asked.params.get
    for line in lines:
        named = (f"{line.month:%Y-%m}", line.source_key, line.currency)
        is_named = named == (get("month"), get("source"), get("currency"))
        if is_named and (get("issuer") or line.issuer) == line.issuer:
            return line
    billed = [line for line in lines if line.bill_nanos is not None]
    in_period = [line for line in billed if line.month >= asked.state.period.start.replace(day=1)]
    off = [line for line in in_period if line.verdict == "off"] or [
        line for line in billed if line.verdict == "off"
    ]
    return next(iter([*off, *in_period, *billed]), None)


def by_month(
    lines: Sequence[Reconciled], current: Reconciled | None, asked: Asked
) -> list[dict[str, Any]]:
    """The lines under their months, the newest first."""
    months: dict[date, list[dict[str, Any]]] = {}
    for line in lines:
        months.setdefault(line.month, []).append(row(line, line is current, asked))
    return [
        {"name": words.period_name(month_of(month)), "rows": rows} for month, rows in months.items()
    ]


def row(line: Reconciled, is_current: bool, asked: Asked) -> dict[str, Any]:
    return {
        "vendor": line.vendor,
        "currency": "" if line.currency == asked.currency else line.currency,
        "href": address(line, asked) if line.source_id else "",
        "current": is_current,
        "usage": money(line.usage_nanos, line, "no usage log saw it"),
        "bill": money(line.bill_nanos, line, "no bill yet"),
        "bill_href": lines_of(line, asked) if line.bill_nanos is not None else "",
        "invoice": money(line.invoice_nanos, line, reconcile_words.verdict(line)),
        "gap": gap(line),
        "state": {"words": reconcile_words.verdict(line), "kind": kind(line)},
        "invoice_href": "" if line.invoices else new_invoice(line),
        "numbers": ", ".join(paper.number for paper in line.invoices),
    }


def money(nanos: int | None, line: Reconciled, reason: str) -> str:
    return words.money_or(nanos, line.currency, reason, cents=True)


def gap(line: Reconciled) -> str:
    if line.gap_nanos is None:
        return words.unknown(reconcile_words.verdict(line))
    if line.verdict == "ties":
        return "none"
    return words.money(line.gap_nanos, line.currency, cents=True, signed=True)


def kind(line: Reconciled) -> str:
    """Only what nobody can explain, or what cannot be compared, asks for a look."""
    return "late" if line.unexplained_nanos or line.verdict in ("no_bill", "no_rate") else ""


def address(line: Reconciled, asked: Asked) -> str:
    pairs = (
        ("month", f"{line.month:%Y-%m}"),
        ("source", line.source_key),
        ("issuer", line.issuer),
        ("currency", line.currency),
    )
    return f"/reconcile/{asked.state.query(*pairs)}#bridge"


def lines_of(line: Reconciled, asked: Asked) -> str:
    state = asked.state.with_period(month_of(line.month))
    return asked.lines_in(state, source=line.source_key)


def new_invoice(line: Reconciled) -> str:
    issuer, account = line.accounts[0] if len(line.accounts) == 1 else (line.vendor, "")
    pairs = {
        "month": f"{line.month:%Y-%m}", "issuer": issuer, "account": account,
        "currency": line.currency,
    }  # fmt: skip
    return f"/setup/invoices/new/?{urlencode(pairs)}"


def table(lines: Sequence[Reconciled], asked: Asked) -> Table:
    columns = ("month", "vendor", "currency", "usage_at_list_price", "bill", "invoice",
               "invoice_minus_bill", "unexplained", "verdict", "invoices")  # fmt: skip
    return Table(columns, [written(line) for line in lines])


def written(line: Reconciled) -> tuple[str, ...]:
    return (
        f"{line.month:%Y-%m}", line.vendor, line.currency, digits(line.usage_nanos),
        digits(line.bill_nanos), digits(line.invoice_nanos), digits(line.gap_nanos),
        digits(line.unexplained_nanos), reconcile_words.verdict(line),
        " ".join(paper.number for paper in line.invoices),
    )  # fmt: skip


def digits(nanos: int | None) -> str:
    """Every digit there is; empty when unknown."""
    return "" if nanos is None else exact(nanos)


PANEL = Panel(
    "months", "Does every bill tie to its invoice?", "panels/reconcile_months.html", ask, show,
    table, flush=True, long=True,
)  # fmt: skip
