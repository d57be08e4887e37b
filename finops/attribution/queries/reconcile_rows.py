"""What Reconcile reads: sums of bills and usage by month, current invoices, rates."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
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


class Vendors:
    """Which source an invoice belongs to: the one whose bill has its issuer and account."""

    def __init__(self, days: Iterable[BillDay]) -> None:
        self.sources = {source.pk: source for source in Source.objects.all()}
        self.accounts: dict[tuple[str, str], int] = {}
        self.issued: dict[str, set[int]] = defaultdict(set)
        for day in days:
            if day.is_booked:
                account = Account(day.issuer, day.billing_account_id)
                self.accounts[account.key] = day.source_id
                self.issued[account.key[0]].add(day.source_id)
        for source in self.sources.values():
            for name in (source.name, source.key):
                self.issued[name.strip().lower()].add(source.pk)

    def of(self, invoice: Invoice) -> int | None:
        """Return the source's id; None for a vendor whose bill is not here."""
        account = Account(invoice.issuer, invoice.billing_account_id)
        if found := self.accounts.get(account.key):
            return found
        named = self.issued.get(account.key[0], set()) & self.billing
        return next(iter(named)) if len(named) == 1 else None

    @property
    def billing(self) -> set[int]:
        return set(self.accounts.values())

    def name(self, source_id: int) -> str:
        return self.sources[source_id].name


def bill_days(period: Period) -> list[BillDay]:
    """Return bills by day of the months of a period and those beside it."""
    beside = (add_months(period.start, -1), add_months(period.end, 1))
    rows = BillDay.objects.filter(month__gte=beside[0], month__lt=beside[1])
    return list(rows.order_by("month", "day", "invoice_id", "charge_category"))


def bill_months(month: date, source_id: int, currency: str) -> list[BillMonth]:
    return list(BillMonth.objects.filter(month=month, source_id=source_id, currency=currency))


def meter_months(month: date, source_id: int) -> list[MeterMonth]:
    return list(MeterMonth.objects.filter(month=month, source_id=source_id))


@dataclass(frozen=True)
class Listed:
    """Usage of a month at list price, in the list's currency."""

    currency: str
    amount: Decimal
    unpriced_tokens: int


def listed_usage(period: Period) -> dict[tuple[date, int], list[Listed]]:
    """Return usage at list price by month and source."""
    found: dict[tuple[date, int], list[Listed]] = defaultdict(list)
    rows = (
        MeterMonth.objects.filter(month__gte=period.start, month__lt=period.end)
        .values_list("month", "source_id", "currency")
        .annotate(Sum("listed"), Sum("unpriced_tokens"))
        .order_by("month", "source_id", "currency")
    )
    for month, source_id, currency, amount, tokens in rows:
        found[month, source_id].append(Listed(currency, amount, int(tokens)))
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
