"""A vendor's October in small: bill, usage log and invoice that tie, to bend one by one.

Three days of one model: a million input tokens, 400,000 cached ones and 200,000 of output a day.
At list price a day is $3.00 + $0.12 + $3.00, the month $18.36.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from finops.attribution.queries.reconcile import Bridge, bridge
from finops.attribution.settle import settle
from finops.ledger.models import Import
from tests.loading import give, source

MODEL = "claude-sonnet-4-5"
DAYS = (date(2026, 10, 29), date(2026, 10, 30), date(2026, 10, 31))
OCTOBER = date(2026, 10, 1)
PRICES = {"input": Decimal(3), "cached_input": Decimal("0.3"), "output": Decimal(15)}
TOKENS = {"input": 1_000_000, "cached_input": 400_000, "output": 200_000}
METER_WORDS = {"input": "Input", "cached_input": "Cache Read", "output": "Output"}
TOTAL = Decimal("18.36")


@dataclass(frozen=True)
class Line:
    """A line of the bill. Amounts that are not given follow from tokens and list price."""

    day: date
    meter: str = "input"
    tokens: int | None = None
    listed: Decimal | None = None
    contracted: Decimal | None = None
    billed: Decimal | None = None
    category: str = "Usage"
    charge_class: str = ""
    model: str = MODEL
    words: str = ""
    invoice: str = "INV-10"
    month: date = OCTOBER
    currency: str = "USD"
    issuer: str = "Anthropic"

    def cells(self) -> dict[str, str]:
        price = PRICES.get(self.meter, Decimal(0))
        of_tokens = price * self.tokens / 1_000_000 if self.tokens is not None else None
        listed = self.listed if self.listed is not None else of_tokens
        billed = self.billed if self.billed is not None else listed
        contracted = self.contracted if self.contracted is not None else billed
        until = (self.month + timedelta(days=32)).replace(day=1)
        return {
            "BilledCost": f"{billed}", "EffectiveCost": f"{billed}",
            "ListCost": "" if listed is None else f"{listed}",
            "ContractedCost": "" if listed is None else f"{contracted}",
            "BillingCurrency": self.currency, "BillingAccountId": "org-1",
            "InvoiceIssuerName": self.issuer, "ProviderName": self.issuer,
            "BillingPeriodStart": f"{self.month}T00:00:00Z",
            "BillingPeriodEnd": f"{until}T00:00:00Z",
            "ChargePeriodStart": f"{self.day}T00:00:00Z",
            "ChargePeriodEnd": f"{self.day + timedelta(days=1)}T00:00:00Z",
            "ChargeCategory": self.category, "ChargeClass": self.charge_class,
            "ChargeDescription": self.words or f"{self.meter} tokens",
            "SkuMeter": METER_WORDS.get(self.meter, ""), "x_Model": self.model,
            "ConsumedQuantity": "" if self.tokens is None else f"{self.tokens}",
            "ConsumedUnit": "" if self.tokens is None else "Tokens", "InvoiceId": self.invoice,
        }  # fmt: skip


@dataclass(frozen=True)
class Logged:
    """A line of the usage log."""

    day: date
    input: int = TOKENS["input"]
    cached: int = TOKENS["cached_input"]
    output: int = TOKENS["output"]
    model: str = MODEL
    tier: str = ""

    def cells(self) -> dict[str, str]:
        return {
            "occurred_at": f"{self.day}T10:00:00Z", "provider": "anthropic", "model": self.model,
            "input_tokens": f"{self.input}", "cached_input_tokens": f"{self.cached}",
            "output_tokens": f"{self.output}", "service_tier": self.tier,
        }  # fmt: skip


@dataclass(frozen=True)
class Due:
    """An invoice."""

    amount: str = "18.36"
    number: str = "INV-10"
    tax: str = ""
    currency: str = "USD"
    start: date = OCTOBER
    end: date = date(2026, 11, 1)
    vendor: str = "Anthropic"

    def cells(self) -> dict[str, str]:
        return {
            "vendor": self.vendor, "account": "org-1", "number": self.number,
            "issued_on": "2026-11-02", "period_start": f"{self.start}", "period_end": f"{self.end}",
            "currency": self.currency, "amount": self.amount, "tax": self.tax, "note": "",
        }  # fmt: skip


def lines_that_tie() -> list[Line]:
    return [Line(day, meter, count) for day in DAYS for meter, count in TOKENS.items()]


def log_that_ties() -> list[Logged]:
    return [Logged(day) for day in DAYS]


@dataclass
class Month:
    """What is loaded; each list may be bent before `told`."""

    bill: list[Line] = field(default_factory=lines_that_tie)
    log: list[Logged] = field(default_factory=log_that_ties)
    due: list[Due] = field(default_factory=lambda: [Due()])
    currency: str = "USD"

    def bend(self, place: int, **more: object) -> None:
        """Change one line of the bill."""
        self.bill[place] = replace(self.bill[place], **more)  # type: ignore[arg-type]

    def load(self) -> None:
        """Bring everything in as files, and settle."""
        loaded(give("focus", as_csv(self.bill), "october.csv", key="anthropic"))
        loaded(give("usage_csv", as_csv(self.log), "log.csv"))
        if self.due:
            loaded(give("invoices_csv", as_csv(self.due), "invoices.csv"))
        settle(now=datetime(2026, 11, 5, tzinfo=UTC))

    def told(self) -> Bridge:
        self.load()
        found = bridge(OCTOBER, source("focus", "anthropic").pk, self.currency)
        assert found
        return found


def loaded(imp: Import) -> None:
    assert imp.state == "loaded", (imp.state, imp.errors)


def as_csv(rows: Sequence[Line] | Sequence[Logged] | Sequence[Due]) -> bytes:
    written = io.StringIO()
    cells = [row.cells() for row in rows]
    writer = csv.DictWriter(written, list(cells[0]))
    writer.writeheader()
    writer.writerows(cells)
    return written.getvalue().encode()
