"""Outcomes that a vendor bills one by one, in our own CSV form, each with the object it is about."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff

REQUIRED = ("vendor", "object_id", "occurred_at", "currency")
OPTIONAL = (
    "object_type", "outcome", "amount", "price", "quantity", "account", "person", "invoice_id",
    "billing_period_start", "billing_period_end",
)  # fmt: skip


def recognise(sniff: Sniff) -> str | None:
    """A list of billed outcomes names vendor, object, time and amount."""
    names = set(sniff.header)
    if names.issuperset(REQUIRED) and names & {"amount", "price"}:
        return "it has the columns vendor, object_id, occurred_at and an amount"
    return None


CONNECTOR = Connector(
    slug="resolutions_csv",
    label="Billed outcomes (CSV)",
    folder=Path(__file__).parent,
    brings=("charges",),
    documents=(
        Document(
            name="resolutions",
            label="a list of billed outcomes in CSV form",
            reader="csv",
            recognise=recognise,
            mappings=(Mapping("charge", "charge.sql", "billing_period"),),
            required=REQUIRED,
            optional=OPTIONAL,
            dates=("occurred_at", "billing_period_start", "billing_period_end"),
            expected={"charge_category": "ticket, conversation or deal"},
            names={
                "invoice_issuer_name": "vendor", "billing_currency": "currency",
                "billed_cost": "amount", "effective_cost": "amount",
                "charge_period_start": "occurred_at", "charge_period_end": "occurred_at",
                "charge_category": "object_type", "consumed_quantity": "quantity",
            },
        ),
    ),
    config_fields=("billing_account_id",),
)  # fmt: skip
