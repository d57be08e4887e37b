"""What is said of a bill and its invoice: the verdict of a month, the answer of a bridge. Pure."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from finops.attribution.bridge.causes import Slug
from finops.attribution.queries.reconcile import Bridge, Bucket, Reconciled
from finops.periods import month_of

CAUSES_SAID = 2
# What a difference between invoice and bill comes from, inside a sentence.
SAID: dict[Slug, str] = {
    "duplicates": "something counts twice",
    "timing": "charges of other days",
    "credits": "credits not on the invoice",
    "tax": "tax",
    "purchases": "purchases not on the invoice",
    "currency": "the exchange rate",
    "rounding": "rounding",
    "unexplained": "unexplained",
}


def month_name(line: Reconciled) -> str:
    return words.period_name(month_of(line.month))


def verdict(line: Reconciled) -> str:
    """In a few words: does this bill tie to its invoice?"""
    if line.verdict == "off":
        return f"{off_by(line)}: {causes(line.to_invoice)}"
    if line.verdict == "no_rate":
        missing = sorted({paper.currency for paper in line.invoices} - {line.currency})
        return f"no rate for {words.listed(missing)}"
    return {
        "ties": "ties to the cent",
        "no_invoice": "no invoice yet",
        "no_bill": "no bill yet",
    }[line.verdict]


def off_by(line: Reconciled) -> str:
    return f"{words.money(abs(line.gap_nanos or 0), line.currency, cents=True)} off"


def causes(buckets: Sequence[Bucket]) -> str:
    """The largest causes; the rest without one is always named."""
    by_size = sorted(
        (bucket for bucket in buckets if bucket.cause.slug != "rounding"),
        key=lambda bucket: (bucket.cause.slug != "unexplained", -abs(bucket.nanos)),
    )
    said = [SAID.get(bucket.cause.slug, bucket.cause.label) for bucket in by_size[:CAUSES_SAID]]
    more = len(by_size) - CAUSES_SAID
    return words.listed([*said, f"{more} more"] if more > 0 else said) if said else "rounding"


def lead(lines: Sequence[Reconciled]) -> SafeString:
    """Over all months shown: how many tie, by how much the others are off, what is missing."""
    held = [line for line in lines if line.verdict in ("ties", "off")]
    missing = sum(1 for line in lines if line.verdict == "no_invoice")
    waiting = ""
    if missing:
        bills = words.plural(missing, "bill")
        waiting = f" {bills} {'has' if missing == 1 else 'have'} no invoice yet."
    if not held:
        return format_html("No bill could be held against an invoice.{}", waiting)
    tie = sum(1 for line in held if line.verdict == "ties")
    if tie == len(held):
        every = "The one bill with an invoice ties" if tie == 1 else f"All {tie} bills tie"
        return format_html("{} <b>to the cent</b>.{}", every, waiting)
    return format_html(
        "<b>{} of {}</b> bills tie to the cent; {}.{}", tie, len(held), others(held), waiting
    )


def others(held: Sequence[Reconciled]) -> SafeString:
    off = [line for line in held if line.verdict == "off"]
    unexplained = sum(1 for line in off if line.unexplained_nanos)
    if len(off) == 1:
        line = off[0]
        return format_html(
            "{}, {}, is <b>{}</b>: {}",
            line.vendor, month_name(line), off_by(line), causes(line.to_invoice),
        )  # fmt: skip
    if not unexplained:
        return format_html("why the other {} do not is known", words.in_words(len(off)))
    return format_html("{} of the other {} is <b>unexplained</b>", unexplained, len(off))


def sums(lines: Sequence[Reconciled], currency: str) -> SafeString:
    """How much of what was billed in the organisation's currency ties, and how much does not yet."""
    mine = [line for line in lines if line.currency == currency and line.bill_nanos is not None]
    by_verdict: dict[str, int] = {}
    for line in mine:
        by_verdict[line.verdict] = by_verdict.get(line.verdict, 0) + (line.bill_nanos or 0)
    said = [
        f"{words.money(by_verdict[verdict], currency)} {what}"
        for verdict, what in VERDICTS
        if verdict in by_verdict
    ]
    others = " Other currencies stand apart." if len(mine) < len(lines) else ""
    if not said:
        return format_html("Nothing was billed in {}.{}", currency, others)
    total = words.money(sum(by_verdict.values()), currency)
    return format_html("Of <b>{}</b> billed, {}.{}", total, words.listed(said), others)


VERDICTS = (
    ("ties", "ties to the cent"),
    ("off", "does not"),
    ("no_rate", "has an invoice without a rate"),
    ("no_invoice", "has no invoice yet"),
)


def bridge_answer(found: Bridge) -> SafeString:
    """One sentence from usage to bill to invoice."""
    line = found.reconciled
    if line.bill_nanos is None:
        return format_html("{} has an invoice and no bill: load the bill to compare.", line.vendor)
    return format_html("{} {}", to_bill(found), to_invoice(line))


def to_bill(found: Bridge) -> SafeString:
    line = found.reconciled
    bill = amount(line.bill_nanos or 0, line)
    if line.lacks_usage_rate:
        return format_html("The bill is <b>{}</b>; list prices have no rate into it.", bill)
    if line.usage_nanos is None:
        return format_html("The bill is <b>{}</b>; no log saw usage of it.", bill)
    gap = (line.bill_nanos or 0) - line.usage_nanos
    if not gap:
        return format_html("The bill of <b>{}</b> is usage at list price.", bill)
    largest = max(found.to_bill, key=lambda bucket: abs(bucket.nanos))
    return format_html(
        "The bill of <b>{}</b> is {} {} usage at list price, mostly {}.",
        bill, amount(abs(gap), line), "above" if gap > 0 else "below",
        lower_first(largest.cause.label),
    )  # fmt: skip


def to_invoice(line: Reconciled) -> SafeString:
    if line.verdict == "no_invoice":
        return format_html("{}", "There is no invoice yet.")
    if line.verdict == "no_rate":
        return format_html("The invoice cannot be compared: {}.", verdict(line))
    if line.verdict == "ties":
        return format_html("The invoice <b>{}</b>.", verdict(line))
    side = "above" if (line.gap_nanos or 0) > 0 else "below"
    return format_html(
        "The invoice is <b>{}</b> {} it: {}.",
        amount(abs(line.gap_nanos or 0), line), side, causes(line.to_invoice),
    )  # fmt: skip


def amount(nanos: int, line: Reconciled) -> str:
    return words.money(nanos, line.currency, cents=True)


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
