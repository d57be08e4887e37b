"""Does it tie to the invoice? Per vendor, month and currency: usage at list price, bill, invoice.

`report` compares bill and invoice for every month; `bridge` explains one month from usage at
list price to the bill to the invoice. Both ends of every bridge are joined by named buckets
that sum to the gap.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

from finops.attribution.bridge.causes import CAUSES, Cause, Slug
from finops.attribution.bridge.invoice import BilledDay, Paper, to_invoice
from finops.attribution.bridge.rounding import whole_nanos
from finops.attribution.bridge.usage import BillPart, UsagePart, to_bill
from finops.attribution.models import BillDay, BillMonth, MeterMonth
from finops.ledger.models import Invoice, Source
from finops.periods import Period, add_months

from .reconcile_rows import (
    Found,
    Key,
    Listed,
    Rates,
    Vendor,
    Vendors,
    bill_days,
    bill_months,
    grouped,
    invoices,
    largest,
    listed_usage,
    meter_months,
    nanos_of,
)

Verdict = Literal["ties", "off", "no_invoice", "no_bill", "no_rate"]
# Small enough for one page; a bill of years ago is asked for by its own month.
MONTHS_SHOWN = 12


@dataclass(frozen=True)
class Bucket:
    """A part of a gap that has one cause."""

    cause: Cause
    step: Literal["bill", "invoice"]  # on the way from usage to bill, or from bill to invoice
    nanos: int

    @property
    def definition(self) -> str:
        return self.cause.to_bill if self.step == "bill" else self.cause.to_invoice


@dataclass(frozen=True)
class SecondBill:
    """Another source's bill of the same account: evidence, no money."""

    source_id: int
    name: str
    nanos: int


@dataclass(frozen=True)
class Reconciled:
    """A vendor's month in the bill's currency. None is unknown: no invoice, no bill, no rate."""

    month: date
    source_id: int | None
    source_key: str
    issuer: str
    vendor: str  # its name: the source's, or the issuer's in a source of several
    currency: str
    usage_nanos: int | None
    unpriced_tokens: int
    bill_nanos: int | None
    invoice_nanos: int | None
    invoices: tuple[Invoice, ...]
    to_invoice: tuple[Bucket, ...]
    second_bills: tuple[SecondBill, ...] = ()
    lacks_usage_rate: bool = False  # list prices could not be brought into the currency
    usage_issuers: tuple[str, ...] = ()  # whose usage is held against the bill
    accounts: tuple[tuple[str, str], ...] = ()  # issuer and billing account of the bill
    discount: Fraction = Fraction(0)  # stated in the contract, off list, 0 to 1

    @property
    def gap_nanos(self) -> int | None:
        """Invoice minus bill."""
        if self.invoice_nanos is None or self.bill_nanos is None:
            return None
        return self.invoice_nanos - self.bill_nanos

    @property
    def unexplained_nanos(self) -> int:
        return sum(b.nanos for b in self.to_invoice if b.cause.slug == "unexplained")

    @property
    def verdict(self) -> Verdict:
        if self.bill_nanos is None:
            return "no_bill"
        if not self.invoices:
            return "no_invoice"
        if self.invoice_nanos is None:
            return "no_rate"
        is_close = all(bucket.cause.slug == "rounding" for bucket in self.to_invoice)
        return "ties" if is_close else "off"


@dataclass(frozen=True)
class Bridge:
    """A vendor's month from usage at list price to the bill to the invoice."""

    reconciled: Reconciled
    to_bill: tuple[Bucket, ...]  # empty when usage could not be brought into the bill's currency

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        return (*self.to_bill, *self.reconciled.to_invoice)


def report(period: Period) -> list[Reconciled]:
    """Return every vendor's months of a period, the newest first, in two to six queries."""
    days, papers, usage = bill_days(period), invoices(period), listed_usage(period)
    vendors = Vendors(days)
    found = grouped(days, papers, vendors, period)
    currencies = {key[2] for key in found} | {paper.currency for paper in papers}
    currencies |= {listed.currency for several in usage.values() for listed in several}
    rates = Rates(currencies, period.end + timedelta(days=92))
    lines = []
    for (month, vendor, currency), one in found.items():
        if vendor.source_id is None:
            lines.append(without_bill(month, vendor.issuer, currency, one.papers))
            continue
        issuers = usage_issuers(found, month, vendor, currency)
        listed = [u for u in usage.get((month, vendor.source_id), []) if u.issuer in issuers]
        lines.append(
            reconciled(month, vendor, currency, one, listed, issuers, days, vendors, rates)
        )
    return sorted(lines, key=lambda line: (-line.month.toordinal(), line.vendor, line.currency))


def usage_issuers(
    found: dict[Key, Found], month: date, vendor: Vendor, currency: str
) -> tuple[str, ...]:
    """Return whose usage stands with a bill: the vendor's, in the currency of most of its lines;
    with the largest bill of the source also what no bill pays for."""
    if largest(found, month, vendor.source_id, vendor.issuer)[1] != currency:
        return ()
    is_main = largest(found, month, vendor.source_id) == (vendor.issuer, currency)
    return (vendor.issuer, "") if is_main else (vendor.issuer,)


def without_bill(month: date, vendor: str, currency: str, papers: Sequence[Invoice]) -> Reconciled:
    """A vendor that sends invoices and whose bill is not here."""
    return Reconciled(
        month=month, source_id=None, source_key="", issuer=vendor, vendor=vendor, currency=currency,
        usage_nanos=None, unpriced_tokens=0, bill_nanos=None, invoice_nanos=summed(papers),
        invoices=tuple(papers), to_invoice=(),
    )  # fmt: skip


def summed(papers: Iterable[Invoice]) -> int:
    return whole(sum((nanos_of(paper.amount) for paper in papers), Fraction(0)))


def reconciled(
    month: date,
    vendor: Vendor,
    currency: str,
    found: Found,
    listed: Sequence[Listed],
    issuers: tuple[str, ...],
    days: Sequence[BillDay],
    vendors: Vendors,
    rates: Rates,
) -> Reconciled:
    """Hold one bill against its invoices."""
    papers = as_papers(found.papers, currency, rates)
    seconds = second_bills(month, vendor, currency, found.days, days, vendors)
    bill = None
    usage = usage_in(listed, currency, month, rates)
    causes: dict[Slug, int] = {}
    if found.days:
        bill = sum(day.billed_nanos for day in found.days)
    if found.days and papers:
        causes = to_invoice(
            billed_days(month, vendor, currency, days),
            papers,
            second_bill_nanos=sum(second.nanos for second in seconds),
        )
    source = vendors.sources[vendor.source_id or 0]
    return Reconciled(
        month=month, source_id=source.pk, source_key=source.key, issuer=vendor.issuer,
        vendor=vendors.name(vendor), currency=currency, usage_issuers=issuers,
        usage_nanos=usage, lacks_usage_rate=bool(listed) and usage is None,
        unpriced_tokens=sum(one.unpriced_tokens for one in listed), bill_nanos=bill,
        invoice_nanos=sum(paper.nanos for paper in papers) if papers else None,
        invoices=tuple(found.papers), to_invoice=buckets(causes, "invoice"),
        second_bills=seconds,
        accounts=tuple(sorted({(day.issuer, day.billing_account_id) for day in found.days})),
        discount=Fraction(source.contract_discount),
    )  # fmt: skip


def as_papers(papers: Sequence[Invoice], currency: str, rates: Rates) -> list[Paper]:
    """Return the invoices in the bill's currency; none when a rate is missing."""
    made = []
    for paper in papers:
        rate = rates.between(paper.currency, currency, paper.issued_on)
        if rate is None:
            return []
        tax = None if paper.tax_amount is None else whole(nanos_of(paper.tax_amount) * rate)
        made.append(
            Paper(
                paper.number, paper.period_start, paper.period_end,
                whole(nanos_of(paper.amount) * rate), tax, paper.currency != currency,
            )
        )  # fmt: skip
    return made


def billed_days(
    month: date, vendor: Vendor, currency: str, days: Sequence[BillDay]
) -> list[BilledDay]:
    """Return the bill's days, and those of the months beside it for what is invoiced late."""
    around = (add_months(month, -1), month, add_months(month, 1))
    return [
        BilledDay(
            day.invoice_id, day.charge_category, day.day, day.billed_nanos, day.repeated_nanos,
            day.lines, day.month == month,
        )
        for day in days
        if day.is_booked
        and (day.source_id, day.issuer) == (vendor.source_id, vendor.issuer)
        and day.currency == currency
        and day.month in around
    ]  # fmt: skip


def second_bills(
    month: date,
    vendor: Vendor,
    currency: str,
    mine: Sequence[BillDay],
    days: Sequence[BillDay],
    vendors: Vendors,
) -> tuple[SecondBill, ...]:
    """Return the other bills of the same accounts and month, which book no money."""
    accounts = {(day.issuer, day.billing_account_id) for day in mine}
    sums: dict[int, int] = defaultdict(int)
    for day in days:
        is_same = (day.issuer, day.billing_account_id) in accounts and day.month == month
        if is_same and not day.is_booked and day.currency == currency:
            sums[day.source_id] += day.billed_nanos
    return tuple(
        SecondBill(other, vendors.sources[other].name, nanos)
        for other, nanos in sorted(sums.items())
        if other != vendor.source_id
    )


def usage_in(listed: Sequence[Listed], currency: str, month: date, rates: Rates) -> int | None:
    """Return usage at list price in a currency; None without usage or without a rate."""
    total = Fraction(0)
    for one in listed:
        rate = rates.between(one.currency, currency, month_end(month))
        if rate is None:
            return None
        total += nanos_of(one.amount) * rate
    return whole(total) if listed else None


def month_end(month: date) -> date:
    return add_months(month, 1) - timedelta(days=1)


def bridge(month: date, source_id: int, currency: str, issuer: str = "") -> Bridge | None:
    """Explain a vendor's month. None when it has neither a bill nor an invoice.

    Without an issuer it is the source's first by name: most sources have one.
    """
    line = next(
        (
            one
            for one in report(Period(month, add_months(month, 1)))
            if (one.source_id, one.currency) == (source_id, currency) and issuer in ("", one.issuer)
        ),
        None,
    )
    if line is None:
        return None
    if line.bill_nanos is None or line.lacks_usage_rate:
        return Bridge(line, ())
    bill = bill_months(month, Vendor(source_id, line.issuer), currency)
    usage = meter_months(month, source_id, line.usage_issuers)
    rates = Rates({currency, *(row.currency for row in usage)}, month_end(month))
    causes = to_bill(
        [bill_part(row) for row in bill],
        usage_parts(usage, currency, month, rates),
        discount=line.discount,
        is_one_currency=all(row.currency == currency for row in usage),
    )
    return Bridge(
        line, buckets(whole_nanos(causes, line.bill_nanos - (line.usage_nanos or 0)), "bill")
    )


def source_of(key: str) -> int | None:
    """Return the id of the source with a key."""
    return Source.objects.filter(key=key).values_list("pk", flat=True).first()


def bill_part(row: BillMonth) -> BillPart:
    return BillPart(
        category=row.charge_category, standing=row.standing, model=row.model, meter=row.meter,
        tier=row.service_tier, is_listed=row.is_listed, is_counted=row.is_counted,
        is_repeat=row.is_repeat, billed=Fraction(row.billed_nanos), listed=nanos_of(row.listed),
        contracted=nanos_of(row.contracted), tokens=Fraction(row.tokens),
    )  # fmt: skip


def usage_parts(
    usage: Sequence[MeterMonth], currency: str, month: date, rates: Rates
) -> list[UsagePart]:
    parts = []
    for row in usage:
        rate = rates.between(row.currency, currency, month_end(month)) or Fraction(0)
        parts.append(
            UsagePart(
                row.standing, row.model, row.meter, row.service_tier, Fraction(row.tokens),
                nanos_of(row.listed) * rate, Fraction(row.unpriced_tokens),
            )
        )  # fmt: skip
    return parts


def buckets(causes: dict[Slug, int], step: Literal["bill", "invoice"]) -> tuple[Bucket, ...]:
    """Return what is not nothing, in the order of the causes."""
    return tuple(Bucket(CAUSES[slug], step, causes[slug]) for slug in CAUSES if causes.get(slug))


def whole(nanos: Fraction) -> int:
    """Round to whole nanos, halves away from zero."""
    twice, sign = abs(nanos) * 2 + 1, -1 if nanos < 0 else 1
    return sign * (twice.numerator // (2 * twice.denominator))
