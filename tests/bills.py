"""Small FOCUS bills for tests, written as a vendor would export them."""

import csv
import io
from datetime import date, timedelta

COLUMNS = (
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingCurrency",
    "BillingAccountId", "InvoiceIssuerName", "BillingPeriodStart", "BillingPeriodEnd",
    "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ServiceName", "ProviderName",
    "ServiceCategory",
)  # fmt: skip
AI = "AI and Machine Learning"


def bill(*amounts: str, month: date = date(2026, 10, 1), currency: str = "USD",
         issuer: str = "Acme AI", category: str = AI) -> bytes:  # fmt: skip
    """One line per amount, on the 1st, 2nd, ... of the month."""
    lines = [line(amount, month, day, currency, issuer, category)
             for day, amount in enumerate(amounts)]  # fmt: skip
    return written(lines)


def line(amount: str, month: date, day: int, currency: str = "USD", issuer: str = "Acme AI",
         category: str = AI) -> dict[str, str]:  # fmt: skip
    start = month + timedelta(days=day % 28)
    end_of_month = (month + timedelta(days=32)).replace(day=1)
    return {
        "BilledCost": amount, "EffectiveCost": amount, "ListCost": amount,
        "ContractedCost": amount, "BillingCurrency": currency, "BillingAccountId": "acct-1",
        "InvoiceIssuerName": issuer, "BillingPeriodStart": f"{month}T00:00:00Z",
        "BillingPeriodEnd": f"{end_of_month}T00:00:00Z", "ChargePeriodStart": f"{start}T00:00:00Z",
        "ChargePeriodEnd": f"{start + timedelta(days=1)}T00:00:00Z", "ChargeCategory": "Usage",
        "ServiceName": "Model calls", "ProviderName": issuer, "ServiceCategory": category,
    }  # fmt: skip


def written(lines: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()
