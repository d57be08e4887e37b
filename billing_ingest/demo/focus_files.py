"""Two bills in FOCUS 1.2: model usage through a reseller, and editor seats."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from billing_ingest.demo.calendar import day_stamp
from billing_ingest.demo.company import RESELLER
from billing_ingest.demo.prices import MILLION, unit_price
from billing_ingest.demo.story import SEAT_PRICE
from billing_ingest.demo.usage import UsageLine
from finops.periods import Period, month_of

HEADER = (
    "BilledCost BillingAccountId BillingAccountName BillingAccountType BillingCurrency "
    "BillingPeriodEnd BillingPeriodStart ChargeCategory ChargeClass ChargeDescription "
    "ChargeFrequency ChargePeriodEnd ChargePeriodStart ConsumedQuantity ConsumedUnit "
    "ContractedCost ContractedUnitPrice EffectiveCost InvoiceId InvoiceIssuerName ListCost "
    "ListUnitPrice PricingCategory PricingCurrency PricingQuantity PricingUnit ProviderName "
    "PublisherName RegionId RegionName ResourceId ResourceName ResourceType ServiceCategory "
    "ServiceName ServiceSubcategory SkuId SkuMeter SkuPriceDetails SkuPriceId SubAccountId "
    "SubAccountName SubAccountType Tags x_Model"
)
SKU_METERS = {
    "input": "Input Tokens",
    "cached_input": "Cached Input Tokens",
    "output": "Output Tokens",
}
CREDIT = Decimal("-250.00")
SURCHARGE = Decimal("0.015")
CENT = Decimal("0.01")

Row = dict[str, str]


@dataclass(frozen=True)
class Issuer:
    """Who writes a bill, in its own words."""

    invoice_issuer: str
    account_id: str
    account_name: str
    provider: str
    invoice_prefix: str


HARROWGATE = Issuer("Harrowgate Cloud", "HG-48120", "Quillhaven Goods (resale)", "OpenAI", "HGC")
CURSOR = Issuer("Cursor", "team_quillhaven", "Quillhaven Goods", "Cursor", "CUR")


def decimal_text(amount: Decimal) -> str:
    """Write a number plainly: no exponent, no trailing zeros."""
    return f"{amount.normalize():f}"


def reseller_bill(
    lines: Iterable[UsageLine], month: Period, extra_percent: int, *, is_closed: bool
) -> list[Row]:
    """Return the reseller's bill of a month: usage per day, a credit, and a surcharge at its end.

    `extra_percent` is usage on the bill that no log has seen.
    """
    groups: Counter[tuple[date, str, str, str, str]] = Counter()
    for line in lines:
        for meter, count in line.tokens.by_meter().items():
            group = (line.at.date(), line.account, line.model, line.service_tier, meter)
            groups[group] += count
    base = _base(HARROWGATE, month, is_closed=is_closed)
    usage = [
        base | _usage_row(*group, count + count * extra_percent // 100)
        for group, count in sorted(groups.items())
    ]
    rows = [*usage, base | _amount_row("Credit", "Migration credit", CREDIT, month)]
    if is_closed:
        billed = sum((Decimal(row["BilledCost"]) for row in usage), Decimal(0))
        tax = (billed * SURCHARGE).quantize(CENT, ROUND_HALF_UP)
        rows.append(base | _amount_row("Tax", "Digital services surcharge", tax, month))
    return rows


def seat_bill(seats: int, month: Period, *, is_closed: bool) -> list[Row]:
    """Return the bill for editor seats, charged in advance for the whole month."""
    price, quantity = Decimal(SEAT_PRICE), str(seats)
    amount = decimal_text(price * seats)
    row = _base(CURSOR, month, is_closed=is_closed)
    row |= _amount_row("Purchase", "Editor seats, business plan", price * seats, month)
    row |= {
        "ChargeFrequency": "Recurring",
        "ContractedCost": amount,
        "ContractedUnitPrice": decimal_text(price),
        "ListUnitPrice": decimal_text(price),
        "PricingCategory": "Standard",
        "PricingCurrency": "USD",
        "PricingQuantity": quantity,
        "PricingUnit": "Seats",
        "ServiceCategory": "Developer Tools",
        "ServiceName": "Cursor Business",
        "ServiceSubcategory": "Other (Developer Tools)",
        "SkuId": "cursor-business-seat",
        "SkuPriceId": "cursor-business-seat-monthly",
        "Tags": json.dumps({"shared": "true", "purpose": "seats"}),
    }
    return [row]


def _base(issuer: Issuer, month: Period, *, is_closed: bool) -> Row:
    whole = month_of(month.start)
    invoice = f"{issuer.invoice_prefix}-{month.start:%Y%m}"
    return dict.fromkeys(HEADER.split(), "") | {
        "BillingAccountId": issuer.account_id,
        "BillingAccountName": issuer.account_name,
        "BillingAccountType": "Organization",
        "BillingCurrency": "USD",
        "BillingPeriodStart": day_stamp(whole.start),
        "BillingPeriodEnd": day_stamp(whole.end),
        "InvoiceId": invoice if is_closed else "",
        "InvoiceIssuerName": issuer.invoice_issuer,
        "ProviderName": issuer.provider,
        "PublisherName": issuer.provider,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": f"{issuer.provider} API",
        "ServiceSubcategory": "Generative AI",
    }


def _usage_row(
    day: date, project: str, model: str, service_tier: str, meter: str, count: int
) -> Row:
    price = unit_price("openai", model, meter, service_tier)
    contracted = price * (1 - RESELLER.contract_discount)
    quantity = count / MILLION
    billed = decimal_text(quantity * contracted)
    sku = f"{model}-{meter.replace('_', '-')}-{service_tier}"
    return {
        "BilledCost": billed,
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{model} {SKU_METERS[meter].lower()}",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodStart": day_stamp(day),
        "ChargePeriodEnd": day_stamp(day + timedelta(days=1)),
        "ConsumedQuantity": str(count),
        "ConsumedUnit": "Tokens",
        "ContractedCost": billed,
        "ContractedUnitPrice": decimal_text(contracted),
        "EffectiveCost": billed,
        "ListCost": decimal_text(quantity * price),
        "ListUnitPrice": decimal_text(price),
        "PricingCategory": "Standard",
        "PricingCurrency": "USD",
        "PricingQuantity": decimal_text(quantity),
        "PricingUnit": "1000000 Tokens",
        "RegionId": "global",
        "RegionName": "Global",
        "ResourceId": model,
        "ResourceName": model,
        "ResourceType": "Model",
        "SkuId": sku,
        "SkuMeter": SKU_METERS[meter],
        "SkuPriceDetails": json.dumps({"x_ServiceTier": service_tier}),
        "SkuPriceId": f"{sku}-usd",
        "SubAccountId": project,
        "SubAccountName": project.removeprefix("proj_").replace("_", " ").title(),
        "SubAccountType": "Project",
        "x_Model": model,
    }


def _amount_row(category: str, description: str, amount: Decimal, month: Period) -> Row:
    """Return a line about the whole month that has an amount and no quantity."""
    whole, text = month_of(month.start), decimal_text(amount)
    return {
        "BilledCost": text,
        "ChargeCategory": category,
        "ChargeDescription": description,
        "ChargeFrequency": "One-Time",
        "ChargePeriodStart": day_stamp(whole.start),
        "ChargePeriodEnd": day_stamp(whole.end),
        "ContractedCost": text,
        "EffectiveCost": text,
        "ListCost": text,
    }
