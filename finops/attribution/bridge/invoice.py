"""From the bill to its invoices.

First what the papers state: numbers, periods, tax. Then whether what is left is exactly an
amount that one side may leave out or count twice. Whole nanos throughout.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from finops.attribution.bridge.causes import Slug

HALF_CENT = 5_000_000
RATE_MOST = 20  # a twentieth: what a vendor's rate may be off ours
DAYS_LATE_MOST = 5  # last days that an invoice may leave to the next one
TOGETHER_MOST = 3  # amounts that are tried together


@dataclass(frozen=True)
class BilledDay:
    """Lines of a bill on a day. `is_own`: of the month asked for, not of the one beside it."""

    invoice_id: str
    category: str
    day: date
    billed_nanos: int
    repeated_nanos: int = 0
    lines: int = 1
    is_own: bool = True


@dataclass(frozen=True)
class Paper:
    """An invoice in the bill's currency. `is_foreign`: it was converted at our rate."""

    number: str
    start: date
    end: date  # half-open
    nanos: int
    tax_nanos: int | None = None
    is_foreign: bool = False


def to_invoice(
    bill: Sequence[BilledDay], papers: Sequence[Paper], *, second_bill_nanos: int = 0
) -> dict[Slug, int]:
    """Return why the invoices are not the bill; the amounts sum to invoices minus bill."""
    causes: dict[Slug, int] = defaultdict(int)
    invoiced = list(on_these_papers(bill, papers, causes))
    stated_tax = [paper.tax_nanos for paper in papers if paper.tax_nanos is not None]
    is_tax_stated = len(stated_tax) == len(papers)
    if is_tax_stated:
        causes["tax"] = sum(stated_tax) - nanos(invoiced, "Tax")
    total = sum(paper.nanos for paper in papers) - sum(b.billed_nanos for b in bill if b.is_own)
    left = total - sum(causes.values())
    tolerance = HALF_CENT * len(papers) if is_in_cents(papers) else 0
    for slug, amount in told_by_amount(
        invoiced, papers, second_bill_nanos, is_tax_stated, left, tolerance
    ):
        causes[slug] += amount
        left -= amount
    is_foreign = any(paper.is_foreign for paper in papers)
    if is_foreign and abs(left) * RATE_MOST <= abs(sum(paper.nanos for paper in papers)):
        causes["currency"] += left
        left = 0
    if abs(left) <= tolerance:
        causes["rounding"] += left
        left = 0
    causes["unexplained"] = left
    return causes


def is_in_cents(papers: Sequence[Paper]) -> bool:
    return not any(paper.nanos % (2 * HALF_CENT) for paper in papers if not paper.is_foreign)


def on_these_papers(
    bill: Sequence[BilledDay], papers: Sequence[Paper], causes: dict[Slug, int]
) -> Iterator[BilledDay]:
    """Yield the lines these invoices are for; the others differ by time.

    A line that names an invoice is on that one. Usage without a number is on the invoice
    whose period holds its day.
    """
    numbers = {paper.number.lower() for paper in papers}
    has_numbers = any(line.invoice_id.lower() in numbers for line in bill)
    for line in bill:
        is_named = has_numbers and line.invoice_id.lower() in numbers
        if not line.is_own:
            if is_named:
                causes["timing"] += line.billed_nanos
                yield line
            continue
        is_elsewhere = has_numbers and line.invoice_id != "" and not is_named
        is_outside = (
            not is_named
            and line.category == "Usage"
            and not any(paper.start <= line.day < paper.end for paper in papers)
        )
        if is_elsewhere or is_outside:
            causes["timing"] -= line.billed_nanos
        else:
            yield line


Told = tuple[Slug, int]


def told_by_amount(
    bill: Sequence[BilledDay],
    papers: Sequence[Paper],
    second_bill_nanos: int,
    is_tax_stated: bool,
    left: int,
    tolerance: int,
) -> tuple[Told, ...]:
    """Return the fewest amounts that are, together, what is left; none when none are."""
    if abs(left) <= tolerance:
        return ()
    omitted = list(left_out(bill, is_tax_stated))
    twice = list(counted_twice(bill, papers, second_bill_nanos))
    tries: list[tuple[Told, ...]] = [(one,) for one in (*omitted, *twice)]
    tries += [(one,) for one in last_days(bill)]
    for size in range(2, TOGETHER_MOST + 1):
        tries += combinations(omitted, size)
    for several in tries:
        if abs(left - sum(amount for _, amount in several)) <= tolerance:
            return several
    return ()


def left_out(bill: Sequence[BilledDay], is_tax_stated: bool) -> Iterator[Told]:
    """Yield what an invoice may leave out as a whole."""
    repeated = sum(line.repeated_nanos for line in bill)
    amounts: list[Told] = [
        ("credits", -nanos(bill, "Credit")),
        ("credits", -nanos(bill, "Adjustment")),
        ("purchases", -nanos(bill, "Purchase")),
        ("duplicates", -repeated),
    ]
    if not is_tax_stated:
        amounts.append(("tax", -nanos(bill, "Tax")))
    yield from (one for one in amounts if one[1])


def counted_twice(
    bill: Sequence[BilledDay], papers: Sequence[Paper], second_bill_nanos: int
) -> Iterator[Told]:
    """Yield what may count twice: an invoice under two numbers, a second bill, one charge."""
    seen: set[tuple[date, date, int]] = set()
    for paper in papers:
        same = (paper.start, paper.end, paper.nanos)
        if same in seen:
            yield "duplicates", paper.nanos
        seen.add(same)
    if second_bill_nanos:
        yield "duplicates", second_bill_nanos
    for amount in sorted({line.billed_nanos for line in bill if line.lines == 1}):
        if amount > 0:
            yield "duplicates", amount


def last_days(bill: Sequence[BilledDay]) -> Iterator[Told]:
    """Yield what an invoice lacks when it was written before the last days were billed."""
    usage = [line for line in bill if line.category == "Usage"]
    for day in sorted({line.day for line in usage}, reverse=True)[:DAYS_LATE_MOST]:
        late = sum(line.billed_nanos for line in usage if line.day >= day)
        if late:
            yield "timing", -late


def nanos(bill: Sequence[BilledDay], category: str) -> int:
    return sum(line.billed_nanos for line in bill if line.category == category)
