"""What Reconcile reads: sums of bills and usage by month, current invoices, rates."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import Sum

from finops.attribution.models import BillDay, BillMonth, MeterMonth
from finops.ledger.models import FxRate, Invoice, Source
from finops.money import NANOS
from finops.periods import Period, add_months

from .organisation import organisation


class Rates:
    """Our rates: units of the reporting currency per unit, the last one stated up to a day."""

    def __init__(self, currencies: Iterable[str], until: date) -> None:
        self.reporting = organisation().reporting_currency
        self.known: dict[str, list[tuple[date, Fraction]]] = defaultdict(list)
        asked = set(currencies) - {self.reporting}
        if not asked:
            return
        rates = FxRate.objects.filter(
            currency__in=asked, reporting_currency=self.reporting, day__lte=until
        )
        for rate in rates.order_by("day"):
            self.known[rate.currency].append((rate.day, Fraction(rate.rate)))

    def between(self, currency: str, other: str, day: date) -> Fraction | None:
        """Return how many of the other one unit is on a day; None when we have no rate."""
        if currency == other:
            return Fraction(1)
        one, two = self.on(currency, day), self.on(other, day)
        return one / two if one and two else None

    def on(self, currency: str, day: date) -> Fraction | None:
        if currency == self.reporting:
            return Fraction(1)
        return next((rate for when, rate in reversed(self.known[currency]) if when <= day), None)


@dataclass(frozen=True)
class Account:
    """Who a bill or an invoice is from, as it says itself; capitals make no difference."""

    issuer: str
    billing_account_id: str

    @property
    def key(self) -> tuple[str, str]:
        return self.issuer.strip().lower(), self.billing_account_id.strip().lower()


@dataclass(frozen=True)
class Vendor:
    """Whose bill it is: an issuer in a source. Without a source, one whose bill is not here."""

    source_id: int | None
    issuer: str


class Vendors:
    """Which vendor an invoice belongs to: the one whose bill has its issuer and account."""

    def __init__(self, days: Iterable[BillDay]) -> None:
        self.sources = {source.pk: source for source in Source.objects.all()}
        self.accounts: dict[tuple[str, str], Vendor] = {}
        self.billing: dict[int, set[Vendor]] = defaultdict(set)
        for day in days:
            if day.is_booked:
                vendor = Vendor(day.source_id, day.issuer)
                self.accounts[Account(day.issuer, day.billing_account_id).key] = vendor
                self.billing[day.source_id].add(vendor)

    def of(self, invoice: Invoice) -> Vendor:
        """Return who sent an invoice, by issuer and account, else by a name that is one's alone."""
        account = Account(invoice.issuer, invoice.billing_account_id)
        if found := self.accounts.get(account.key):
            return found
        named = {v for v in self.accounts.values() if v.issuer.strip().lower() == account.key[0]}
        for source_id, vendors in self.billing.items():
            source = self.sources[source_id]
            if account.key[0] in (source.name.strip().lower(), source.key):
                named |= vendors
        return next(iter(named)) if len(named) == 1 else Vendor(None, invoice.issuer)

    def name(self, vendor: Vendor) -> str:
        """The source's name; the issuer's where a source holds several bills."""
        if vendor.source_id is None or len(self.billing[vendor.source_id]) > 1:
            return vendor.issuer
        return self.sources[vendor.source_id].name


Key = tuple[date, Vendor, str]  # month, vendor, currency


@dataclass
class Found:
    """What there is of a vendor's month in one currency."""

    days: list[BillDay] = field(default_factory=list)
    papers: list[Invoice] = field(default_factory=list)

    @property
    def lines(self) -> int:
        return sum(day.lines for day in self.days)


def grouped(
    days: Sequence[BillDay], papers: Sequence[Invoice], vendors: Vendors, period: Period
) -> dict[Key, Found]:
    """Group booked bills and invoices; an invoice goes with the bill of its month."""
    found: dict[Key, Found] = defaultdict(Found)
    for day in days:
        if day.is_booked and period.start <= day.month < period.end:
            found[day.month, Vendor(day.source_id, day.issuer), day.currency].days.append(day)
    for paper in papers:
        month, vendor = paper.period_start.replace(day=1), vendors.of(paper)
        currency = paper.currency
        if (month, vendor, currency) not in found:
            currency = largest(found, month, vendor.source_id, vendor.issuer)[1] or currency
        found[month, vendor, currency].papers.append(paper)
    return found


def largest(
    found: dict[Key, Found], month: date, source_id: int | None, issuer: str = ""
) -> tuple[str, str]:
    """Return issuer and currency of most lines of a source's bill; empty when there is none."""
    sizes = {
        (vendor.issuer, currency): (one.lines, vendor.issuer, currency)
        for (when, vendor, currency), one in found.items()
        if (when, vendor.source_id) == (month, source_id)
        and one.days
        and issuer in ("", vendor.issuer)
    }
    return max(sizes, key=lambda one: sizes[one], default=("", ""))


def bill_days(period: Period) -> list[BillDay]:
    """Return bills by day of the months of a period and those beside it."""
    beside = (add_months(period.start, -1), add_months(period.end, 1))
    rows = BillDay.objects.filter(month__gte=beside[0], month__lt=beside[1])
    return list(rows.order_by("month", "day", "invoice_id", "charge_category"))


def bill_months(month: date, vendor: Vendor, currency: str) -> list[BillMonth]:
    of_month = BillMonth.objects.filter(month=month, source_id=vendor.source_id or 0)
    return list(of_month.filter(issuer=vendor.issuer, currency=currency))


def meter_months(month: date, source_id: int, issuers: Sequence[str]) -> list[MeterMonth]:
    """Return usage by meter; the issuer is empty while no bill pays for it."""
    of_month = MeterMonth.objects.filter(month=month, source_id=source_id)
    return list(of_month.filter(issuer__in=issuers))


@dataclass(frozen=True)
class Listed:
    """Usage of a month at list price, in the list's currency. No issuer: no bill pays for it."""

    issuer: str
    currency: str
    amount: Decimal
    unpriced_tokens: int


def listed_usage(period: Period) -> dict[tuple[date, int], list[Listed]]:
    """Return usage at list price by month and source."""
    found: dict[tuple[date, int], list[Listed]] = defaultdict(list)
    rows = (
        MeterMonth.objects.filter(month__gte=period.start, month__lt=period.end)
        .values_list("month", "source_id", "issuer", "currency")
        .annotate(Sum("listed"), Sum("unpriced_tokens"))
        .order_by("month", "source_id", "issuer", "currency")
    )
    for month, source_id, issuer, currency, amount, tokens in rows:
        found[month, source_id].append(Listed(issuer, currency, amount, int(tokens)))
    return found


def invoices(period: Period) -> list[Invoice]:
    """Return the invoices that count, by the month in which their period starts."""
    return list(
        Invoice.objects.filter(
            superseded_at=None, period_start__gte=period.start, period_start__lt=period.end
        ).order_by("period_start", "issued_on", "number", "id")
    )


def nanos_of(amount: Decimal) -> Fraction:
    return Fraction(amount) * NANOS
