"""The bridge from usage to bill to invoice as the data of charts.js `bridge`. Pure."""

from dataclasses import dataclass
from typing import Any

from dashboards import words
from dashboards.figures.ticks import ticks
from dashboards.figures.whisker import units
from finops.attribution.queries.reconcile import Bridge
from finops.money import CENT_NANOS, cents_that_add_up, to_cents

# Heights that the style sheet has, in rows.
HEIGHTS = (4, 6, 8, 10, 13, 16, 20)
UNDER = "under a cent"  # not nothing, but not a cent either


@dataclass(frozen=True)
class Row:
    """A bar: a sum that stands on zero, or a cause between two of them. Nanos and cents."""

    slug: str
    label: str
    definition: str
    nanos: int
    start_nanos: int
    text: str
    is_sum: bool = False


def rows(found: Bridge) -> list[Row]:
    """From usage at list price over its causes to the bill, and on to the invoice."""
    line, made = found.reconciled, []
    if line.bill_nanos is None:
        return []
    if line.usage_nanos is not None:
        made.append(total("usage", "Usage at list price", line.usage_nanos, line.currency))
    if found.to_bill:
        made += causes(found, "bill", line.usage_nanos or 0, line.bill_nanos)
    made.append(total("bill", "Bill", line.bill_nanos, line.currency))
    if line.invoice_nanos is not None:
        made += causes(found, "invoice", line.bill_nanos, line.invoice_nanos)
        made.append(total("invoice", "Invoice", line.invoice_nanos, line.currency))
    return made


def total(slug: str, label: str, nanos: int, currency: str) -> Row:
    text = words.money(nanos, currency, cents=True)
    return Row(slug, label, "", nanos, 0, text, is_sum=True)


def causes(found: Bridge, step: str, start: int, end: int) -> list[Row]:
    """The causes of a step; their cents add up from one printed sum to the next."""
    buckets = [bucket for bucket in found.buckets if bucket.step == step]
    gap_cents = to_cents(end) - to_cents(start)
    cents = cents_that_add_up([bucket.nanos for bucket in buckets], gap_cents * CENT_NANOS)
    made, at = [], start
    for bucket, printed in zip(buckets, cents, strict=True):
        text = words.written(printed, found.reconciled.currency, 2, signed=True)
        if not printed:
            text = UNDER
        made.append(
            Row(bucket.cause.slug, bucket.cause.label, bucket.definition, bucket.nanos, at, text)
        )
        at += bucket.nanos
    return made


def bridge_data(found: Bridge) -> dict[str, Any]:
    made = rows(found)
    currency = found.reconciled.currency
    ends = [end for row in made for end in (row.start_nanos, row.start_nanos + row.nanos)]
    marks = ticks(units(min([0, *ends])), units(max([1, *ends])), 4)
    return {
        "rows": [
            {
                "name": row.label,
                "start": units(row.start_nanos),
                "value": units(row.nanos),
                "text": row.text,
                "kind": kind(row),
            }
            for row in made
        ],
        "ticks": [[mark, words.short_money(mark, currency)] for mark in marks],
        "range": [marks[0], marks[-1]],
    }


def kind(row: Row) -> str:
    """How the bar is drawn: a sum, a cause, or the rest without one."""
    if row.is_sum:
        return "sum"
    return "rest" if row.slug == "unexplained" else "cause"


def height(found: Bridge) -> int:
    """The least height that holds all rows."""
    count = len(rows(found))
    return next((rows_held for rows_held in HEIGHTS if rows_held >= count), HEIGHTS[-1])
