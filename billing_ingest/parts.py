"""What the tables of a delivery have in common: slices to be, and what a pass over a file found."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

Totals = dict[str, Decimal]
SEPARATOR = "|"


@dataclass(frozen=True)
class Scope:
    """A vendor account and billing period, as a bill names it."""

    invoice_issuer_name: str
    billing_account_id: str
    start: date
    end: date
    bill: str = ""  # which of the account's bills that add up


@dataclass
class Group:
    """The rows of a delivery that become one slice.

    `unit` is what the delivery replaces as a whole: a billing period, a day or an object; `key`
    names the slice inside it.
    """

    unit: str
    key: str
    scope: Scope | None
    first_day: date
    last_day: date
    period: tuple[date, date]  # half-open: the billing period, or the days
    rows: int
    content_hash: str
    totals: Totals = field(default_factory=dict)


@dataclass
class Found:
    """What one pass over the file found for one table."""

    records: int  # read from the file
    bad_rows: int
    zones: int = 0
    groups: list[Group] = field(default_factory=list)
    totals: Totals = field(default_factory=dict)
    out_of_scope: Totals = field(default_factory=dict)
    rows_out_of_scope: int = 0
    same_lines: int = 0  # lines that say exactly what another one says
    first_day: date | None = None  # of what is merged; slices have their own days
    last_day: date | None = None
    warnings: list[dict[str, str]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows that are booked."""
        return sum(group.rows for group in self.groups)


def add(totals: Totals, currency: str, amount: Decimal) -> None:
    totals[currency] = totals.get(currency, Decimal(0)) + amount


def plain_totals(totals: Totals) -> dict[str, str]:
    """Return the totals as decimal strings without exponent and without idle zeros."""
    return {currency: plain(amount) for currency, amount in sorted(totals.items())}


def plain(amount: Decimal) -> str:
    written = f"{amount:f}"
    return (written.rstrip("0").rstrip(".") if "." in written else written) or "0"


def sum_of(parts: Iterable[Totals]) -> Totals:
    """Add up totals per currency."""
    result: Totals = {}
    for totals in parts:
        for currency, amount in totals.items():
            add(result, currency, amount)
    return result
