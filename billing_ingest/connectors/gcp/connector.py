"""Google Cloud: rows of the billing export, as files."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff

FLAT = {"billing_account_id", "sku.description", "invoice.month", "cost", "credits"}
NESTED = {"billing_account_id", "sku", "invoice", "cost", "credits"}
COLUMNS = (
    "billing_account_id", "usage_start_time", "usage_end_time", "labels", "system_labels",
    "export_time", "cost", "cost_at_list", "currency", "credits", "cost_type", "seller_name",
    "service.description", "sku.id", "sku.description", "project.id", "project.name",
    "project.labels", "location.location", "location.region", "resource.name",
    "resource.global_name", "usage.amount", "usage.unit", "usage.amount_in_pricing_units",
    "usage.pricing_unit", "price.effective_price", "invoice.month",
    "service", "sku", "project", "location", "resource", "usage", "price", "invoice",
)  # fmt: skip
NAMES = {
    "billed_cost": "cost", "effective_cost": "cost", "contracted_cost": "cost",
    "list_cost": "cost_at_list", "billing_currency": "currency",
    "billing_period_start": "invoice.month|invoice", "billing_period_end": "invoice.month|invoice",
    "charge_period_start": "usage_start_time", "charge_period_end": "usage_end_time",
    "charge_category": "cost_type", "consumed_quantity": "usage.amount|usage",
    "pricing_quantity": "usage.amount_in_pricing_units|usage", "tags": "labels",
    "extras": "the other columns",
}  # fmt: skip


def recognise_table(sniff: Sniff) -> str | None:
    header = set(sniff.header)
    if header >= FLAT or header >= NESTED:
        return "it has the SKUs, invoice months, costs and credits of a Google Cloud billing export"
    return None


def recognise_json(sniff: Sniff) -> str | None:
    names = ("billing_account_id", "sku", "invoice", "cost", "credits")
    if sniff.head.lstrip()[:1] in (b"{", b"[") and all(
        f'"{name}"'.encode() in sniff.head for name in names
    ):
        return "its objects are rows of a Google Cloud billing export"
    return None


def _declines(sniff: Sniff) -> str | None:
    """Name the files of this vendor that cannot be booked."""
    header = set(sniff.header)
    if {"billing_account_id", "cost"} <= header and "credits" not in header:
        return (
            "This billing export has no column credits. Costs stand in it before credits, so what "
            "is owed cannot be known. Export it with credits."
        )
    if "sku.id" in header and header & {"pricing_unit", "list_price", "billing_account_price"}:
        return "This is a price list: it says what things cost, not what was bought."
    return None


CONNECTOR = Connector(
    slug="gcp",
    label="Google Cloud",
    folder=Path(__file__).parent,
    brings=("charges",),
    default_scope="ai",
    restates="Rows are added for weeks, also for months before; corrections are negative rows.",
    gaps="No person or key: the bill names projects and labels.",
    documents=(
        Document(
            name="export_table",
            label="a Google Cloud billing export",
            reader="csv",
            recognise=recognise_table,
            mappings=(Mapping("charge", "export_table.sql", "billing_period"),),
            optional=COLUMNS,
            floats=True,  # BigQuery keeps costs as floating point; their shortest text is the amount
            names=NAMES,
        ),
        Document(
            name="export_json",
            label="a Google Cloud billing export in JSON",
            reader="json",
            recognise=recognise_json,
            mappings=(Mapping("charge", "export_json.sql", "billing_period"),),
            names=NAMES,
        ),
    ),
    declines=_declines,
)
