"""Where does the difference come from? One vendor's month from usage to bill to invoice."""

from typing import Any

from dashboards import reconcile_words, words
from dashboards.figures import bridge as figure
from dashboards.panel import Asked, Panel, Table
from dashboards.panels import reconcile_months as months
from finops.attribution.queries.reconcile import Bridge, Reconciled, bridge

HOW = (
    (
        "Between two sums stands every difference that has a name, in its own bucket; the "
        "buckets of a step sum to the difference, to the nano. What no bucket accounts "
        "for is shown as unexplained, however small."
    ),
    (
        "Usage and bill are compared by model: first the lines’ own prices, then the "
        "price per token by meter and service tier, then the number of tokens. From bill "
        "to invoice, amounts are named when numbers, periods or tax on the invoice say "
        "so, or when the rest is exactly such an amount."
    ),
)  # fmt: skip


def ask(asked: Asked) -> Bridge | None:
    line = months.chosen(months.ask(asked), asked)
    if line is None or line.source_id is None:
        return None
    return bridge(line.month, line.source_id, line.currency, line.issuer)


def show(found: Bridge | None, asked: Asked) -> dict[str, Any]:
    if found is None:
        return {"answer": "Once there is a bill, its differences are shown here."}
    line = found.reconciled
    shown: dict[str, Any] = {
        "question": f"{PANEL.question} {line.vendor}, {reconcile_words.month_name(line)}",
        "answer": reconcile_words.bridge_answer(found),
        "rows": rows(found),
        "papers": [paper(one) for one in line.invoices],
        "new_invoice": "" if line.invoices else months.new_invoice(line),
        "seconds": [
            {"name": one.name, "text": words.money(one.nanos, line.currency, cents=True)}
            for one in line.second_bills
        ],
        "unpriced": unpriced(line),
        "how": HOW,
        "links": [{"label": "Lines of the bill", "href": months.lines_of(line, asked)}],
    }
    if line.bill_nanos is not None:
        shown["figure"] = {
            "kind": "bridge", "id": "bridge-data", "data": figure.bridge_data(found),
            "size": f"bridge-{figure.height(found)}",
            "words": f"Waterfall from usage to bill to invoice of {line.vendor}.",
        }  # fmt: skip
    return shown


def rows(found: Bridge) -> list[dict[str, Any]]:
    return [
        {"label": row.label, "definition": row.definition, "text": row.text, "is_sum": row.is_sum,
         "is_rest": row.slug == "unexplained", "exact": exact_text(row.nanos, found)}
        for row in figure.rows(found)
    ]  # fmt: skip


def exact_text(nanos: int, found: Bridge) -> str:
    return f"{months.digits(nanos)} {found.reconciled.currency}"


def paper(one: Any) -> dict[str, Any]:
    return {
        "number": one.number,
        "href": f"/setup/invoices/{one.pk}/",
        "issued": words.day(one.issued_on, year=True),
        "text": words.written(one.amount.quantize(one.amount.__class__("0.01")), one.currency, 2),
    }


def unpriced(line: Reconciled) -> str:
    if not line.unpriced_tokens:
        return ""
    return (
        f"{words.plural(line.unpriced_tokens, 'token')} of this month have no list price "
        "and are not in the first bar."
    )


def table(found: Bridge | None, asked: Asked) -> Table:
    columns = ("month", "vendor", "step", "bucket", "amount", "currency", "definition")
    if found is None:
        return Table(columns, [])
    line = found.reconciled
    made = []
    step = "usage"
    for row in figure.rows(found):
        if not row.is_sum:
            step = "usage to bill" if step in ("usage", "usage to bill") else "bill to invoice"
        else:
            step = row.slug
        made.append(
            (f"{line.month:%Y-%m}", line.vendor, step, row.label, months.digits(row.nanos),
             line.currency, row.definition)
        )  # fmt: skip
    return Table(columns, made)


PANEL = Panel(
    "bridge", "Where does the difference come from?", "panels/reconcile_bridge.html", ask, show,
    table, both_views=True,
)  # fmt: skip
