"""The FOCUS cost and usage dataset, 1.0 to 1.4: one way to read it, for whoever exports it."""

from collections.abc import Callable
from pathlib import Path

from billing_ingest.connector import Document, Mapping, Notice, Sniff

REQUIRED = (
    "BilledCost", "EffectiveCost", "BillingCurrency", "BillingAccountId", "InvoiceIssuerName",
    "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory",
)  # fmt: skip
OPTIONAL = (
    "BillingAccountName", "ListCost", "ContractedCost", "ListUnitPrice", "ContractedUnitPrice", "ChargeClass",
    "ChargeDescription", "ChargeFrequency", "ConsumedQuantity", "ConsumedUnit", "PricingQuantity", "PricingUnit",
    "InvoiceId", "ServiceProviderName", "ProviderName", "HostProviderName", "PublisherName", "ServiceCategory",
    "ServiceSubcategory", "ServiceName", "SkuId", "SkuPriceId", "SkuMeter", "SkuPriceDetails", "SubAccountId",
    "SubAccountName", "ResourceId", "ResourceName", "RegionId", "Tags", "x_Model",
    "UsageQuantity", "UsageUnit",  # what 1.0-preview called the consumed ones
    # Azure's own: they name the model of a meter.
    "x_SkuMeterName", "x_SkuMeterCategory", "x_SkuMeterSubcategory", "x_ResourceGroupName",
)  # fmt: skip
OWN_NAMES = {
    "invoice_issuer_name": "InvoiceIssuerName", "billing_account_id": "BillingAccountId",
    "billing_account_name": "BillingAccountName", "billing_currency": "BillingCurrency",
    "billing_period_start": "BillingPeriodStart", "billing_period_end": "BillingPeriodEnd",
    "charge_period_start": "ChargePeriodStart", "charge_period_end": "ChargePeriodEnd",
    "billed_cost": "BilledCost", "effective_cost": "EffectiveCost", "list_cost": "ListCost",
    "contracted_cost": "ContractedCost", "list_unit_price": "ListUnitPrice",
    "contracted_unit_price": "ContractedUnitPrice", "charge_category": "ChargeCategory",
    "charge_class": "ChargeClass", "charge_description": "ChargeDescription",
    "charge_frequency": "ChargeFrequency", "consumed_quantity": "ConsumedQuantity|UsageQuantity",
    "consumed_unit": "ConsumedUnit|UsageUnit", "pricing_quantity": "PricingQuantity", "pricing_unit": "PricingUnit",
    "invoice_id": "InvoiceId", "provider_name": "ServiceProviderName|ProviderName",
    "publisher_name": "HostProviderName|PublisherName",
    "service_category": "ServiceCategory", "service_subcategory": "ServiceSubcategory",
    "service_name": "ServiceName", "sku_id": "SkuId", "sku_price_id": "SkuPriceId", "sku_meter": "SkuMeter",
    "sub_account_id": "SubAccountId", "sub_account_name": "SubAccountName", "resource_id": "ResourceId",
    "resource_name": "ResourceName", "region_id": "RegionId", "model": "x_Model", "extras": "x_",
} | dict.fromkeys(
    "tags actor team repo branch pr session ticket conversation deal is_shared is_excluded api_key project".split(),
    "Tags",
)  # fmt: skip


SQL = str(Path(__file__).parent / "connectors" / "focus" / "charge.sql")


def recognise_focus(sniff: Sniff) -> str | None:
    """A FOCUS cost file has BilledCost and ChargePeriodStart; its other datasets lack one."""
    if {"BilledCost", "ChargePeriodStart"} <= set(sniff.header):
        return "it has the FOCUS columns BilledCost and ChargePeriodStart"
    return None


def focus_document(
    name: str, label: str, known: Callable[[Sniff], str | None], sql: str = SQL
) -> Document:
    """Return the dataset as a document of a connector."""
    return Document(
        name=name,
        label=label,
        reader="csv",
        recognise=known,
        mappings=(Mapping("charge", sql, "billing_period"),),
        required=REQUIRED,
        optional=OPTIONAL,
        null_words=("NULL",),
        dates=("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"),
        notices=(
            Notice(
                "no_contracted_cost",
                "contracted_cost IS NULL",
                "{rows} lines have no ContractedCost; it stays unknown.",
            ),
        ),
        names=OWN_NAMES,
    )
