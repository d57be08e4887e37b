"""What the demo's vendors ask for: their bills in whole cents, but for one forgotten credit."""

import csv
import json
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from billing_ingest.demo.anthropic_files import ORGANISATION_ID
from billing_ingest.demo.focus_files import CENT, CREDIT, CURSOR, HARROWGATE, Issuer
from finops.periods import Period

HEADER = "vendor account number issued_on period_start period_end currency amount tax note"
ANTHROPIC = Issuer("Anthropic", ORGANISATION_ID, "Quillhaven Goods", "Anthropic", "ANT")
DAYS_TO_ISSUE = 3
# The reseller's invoice of this month, counted back from the last closed one, lacks the credit.
WITHOUT_CREDIT_BEFORE_LAST = 1

Row = dict[str, str]


@dataclass(frozen=True)
class Bill:
    """A vendor's bill of a month, as it was written."""

    issuer: Issuer
    path: Path

    @property
    def total(self) -> Decimal:
        if self.path.suffix == ".json":
            document = json.loads(self.path.read_text(encoding="utf-8"))
            cents = (r["amount"] for day in document["data"] for r in day["results"])
            return sum(map(Decimal, cents), Decimal(0)) / 100
        with self.path.open(encoding="utf-8", newline="") as file:
            return sum((Decimal(row["BilledCost"]) for row in csv.DictReader(file)), Decimal(0))


def invoice_rows(bills: list[Bill], month: Period, closed_after: int) -> list[Row]:
    """Return the month's invoices; `closed_after` closed months followed. Seats of the newest
    month are not invoiced yet."""
    rows = []
    for bill in bills:
        if bill.issuer is CURSOR and not closed_after:
            continue
        amount = bill.total
        if bill.issuer is HARROWGATE and closed_after == WITHOUT_CREDIT_BEFORE_LAST:
            amount -= CREDIT
        rows.append(
            {
                "vendor": bill.issuer.invoice_issuer, "account": bill.issuer.account_id,
                "number": f"{bill.issuer.invoice_prefix}-{month.start:%Y%m}",
                "issued_on": f"{month.end + timedelta(days=DAYS_TO_ISSUE)}",
                "period_start": f"{month.start}", "period_end": f"{month.end}", "currency": "USD",
                "amount": f"{amount.quantize(CENT, ROUND_HALF_UP)}",
            }
        )  # fmt: skip
    return rows
