"""Microsoft Azure: cost exports, actual, amortised and FOCUS, of a billing account."""

from dataclasses import replace
from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff
from billing_ingest.connectors.azure.fetch import fetch
from billing_ingest.focus import focus_document

# What the four dialects of a header have in common, in lower case, and how each names the rest.
METER = "metercategory"
DAYS = ("date", "usagedatetime")
AMOUNTS = ("costinbillingcurrency", "pretaxcost")
CURRENCIES = ("billingcurrencycode", "billingcurrency", "currency")
COLUMNS = tuple(
    "Date UsageDateTime BillingPeriodStartDate CostInBillingCurrency PreTaxCost BillingCurrencyCode "
    "BillingCurrency Currency Quantity UsageQuantity UnitOfMeasure EffectivePrice ResourceRate "
    "CostInPricingCurrency PaygCostInBillingCurrency MeterId MeterName MeterCategory MeterSubCategory "
    "MeterRegion ProductName Product PartNumber ResourceId InstanceId InstanceName ResourceName "
    "ResourceGroup ResourceGroupName ResourceLocation Location SubscriptionId SubscriptionGuid "
    "SubscriptionName BillingAccountId BillingAccountName PartnerName PublisherName ChargeType "
    "Frequency InvoiceId ServiceFamily ConsumedService Tags".split()
)
NAMES = {
    "billing_currency": "BillingCurrencyCode|BillingCurrency|Currency",
    "billing_period_start": "Date|UsageDateTime",
    "billing_period_end": "Date|UsageDateTime",
    "charge_period_start": "Date|UsageDateTime",
    "charge_period_end": "Date|UsageDateTime",
    "billed_cost": "CostInBillingCurrency|PreTaxCost",
    "effective_cost": "CostInBillingCurrency|PreTaxCost",
    "charge_category": "ChargeType",
    "billing_account_id": "BillingAccountId",
    "consumed_quantity": "Quantity",
    "pricing_quantity": "Quantity",
    "tags": "Tags",
    "extras": "the other columns",
}
# Lines of these kinds exist in an amortised export only.
AMORTISED_KINDS = (b"unusedreservation", b"unusedsavingsplan")


def _has_costs(sniff: Sniff) -> bool:
    header = {name.lower() for name in sniff.header}
    each = (DAYS, AMOUNTS, CURRENCIES)
    return METER in header and all(header & set(names) for names in each)


def _is_amortised(sniff: Sniff) -> bool:
    """An amortised export has the same columns: its name, or kinds of its own, tell it apart."""
    name = sniff.filename.lower()
    return "amorti" in name or any(kind in sniff.head.lower() for kind in AMORTISED_KINDS)


def recognise_actual(sniff: Sniff) -> str | None:
    if _has_costs(sniff) and not _is_amortised(sniff):
        return "it has the meters, days and costs of an Azure cost export"
    return None


def recognise_amortised(sniff: Sniff) -> str | None:
    if _has_costs(sniff) and _is_amortised(sniff):
        return "it is an Azure cost export with purchases spread over their term"
    return None


def recognise_focus(sniff: Sniff) -> str | None:
    if {"BilledCost", "ChargePeriodStart", "x_SkuMeterId"} <= set(sniff.header):
        return "it has the FOCUS columns and those that Azure adds"
    return None


def _declines(sniff: Sniff) -> str | None:
    """Name the exports of this vendor that are no bill."""
    header = {name.lower() for name in sniff.header}
    if {"metercategory", "unitprice"} <= header and not header & {"date", "usagedatetime"}:
        return "This is a price sheet: it says what things cost, not what was bought."
    if {"reservationid", "usedhours"} <= header:
        return "These are details of reservations. Give the export of actual or amortised costs."
    if b'"dataRowCount"' in sniff.head:
        return "This is the manifest of an export. Give the files it names, in one zip."
    return None


def _cost(name: str, label: str) -> Document:
    return Document(
        name=name,
        label=label,
        reader="csv",
        recognise=recognise_actual if name == "actual" else recognise_amortised,
        mappings=(Mapping("charge", "cost.sql", "billing_period"),),
        optional=COLUMNS,
        floats=True,  # a Parquet export may keep costs as doubles
        names=NAMES,
    )


CONNECTOR = Connector(
    slug="azure",
    label="Microsoft Azure",
    folder=Path(__file__).parent,
    brings=("charges",),
    default_scope="ai",
    trailing_days=40,
    history_days=400,
    restates="The open month with every run, the closed one until it is invoiced.",
    gaps="No person, key or deployment: the bill names resources, groups and tags.",
    documents=(
        _cost("actual", "an Azure export of actual costs"),
        _cost("amortised", "an Azure export of amortised costs"),
        replace(
            focus_document("focus", "an Azure export of FOCUS costs", recognise_focus), floats=True
        ),
    ),
    fetch=fetch,
    declines=_declines,
    config_fields=("container_url", "prefix", "billing_account_id", "export_scope", "api_url"),
    rights="A SAS token of the container with the rights Read and List.",
)
