"""FOCUS 1.0 to 1.4: the open format for bills. A vendor that exports it needs no code."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Notice, Sniff

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
    "charge_frequency": "ChargeFrequency", "consumed_quantity": "ConsumedQuantity",
    "consumed_unit": "ConsumedUnit", "pricing_quantity": "PricingQuantity", "pricing_unit": "PricingUnit",
    "invoice_id": "InvoiceId", "provider_name": "ProviderName", "publisher_name": "PublisherName",
    "service_category": "ServiceCategory", "service_subcategory": "ServiceSubcategory",
    "service_name": "ServiceName", "sku_id": "SkuId", "sku_price_id": "SkuPriceId", "sku_meter": "SkuMeter",
    "sub_account_id": "SubAccountId", "sub_account_name": "SubAccountName", "resource_id": "ResourceId",
    "resource_name": "ResourceName", "region_id": "RegionId", "model": "x_Model", "extras": "x_",
} | dict.fromkeys(
    "tags actor team repo branch pr session ticket conversation deal is_shared is_excluded api_key project".split(),
    "Tags",
)  # fmt: skip


def recognise(sniff: Sniff) -> str | None:
    """A FOCUS cost file has BilledCost and ChargePeriodStart; its other datasets lack one."""
    if {"BilledCost", "ChargePeriodStart"} <= set(sniff.header):
        return "it has the FOCUS columns BilledCost and ChargePeriodStart"
    return None


CONNECTOR = Connector(
    slug="focus",
    label="FOCUS",
    folder=Path(__file__).parent,
    brings=("charges",),
    documents=(
        Document(
            name="cost",
            label="a FOCUS cost and usage file",
            reader="csv",
            recognise=recognise,
            mappings=(Mapping("charge", "charge.sql", "billing_period"),),
            required=REQUIRED,
            optional=OPTIONAL,
            null_words=("NULL",),
            dates=(
                "BillingPeriodStart",
                "BillingPeriodEnd",
                "ChargePeriodStart",
                "ChargePeriodEnd",
            ),
            notices=(
                Notice(
                    "no_contracted_cost",
                    "contracted_cost IS NULL",
                    "{rows} lines have no ContractedCost; it stays unknown.",
                ),
            ),
            names=OWN_NAMES,
        ),
    ),
)
