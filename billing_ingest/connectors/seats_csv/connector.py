"""Seats of vendors without an API for them, in our own CSV form: who holds them and their price."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Notice, Sniff

REQUIRED = ("vendor", "email", "assigned_from")
OPTIONAL = (
    "plan", "assigned_to", "last_active_at", "price", "currency", "period", "renewal_date",
)  # fmt: skip


def recognise(sniff: Sniff) -> str | None:
    """A list of seats names vendor, holder and the day of assignment."""
    if set(sniff.header).issuperset(REQUIRED):
        return "it has the columns vendor, email and assigned_from"
    return None


CONNECTOR = Connector(
    slug="seats_csv",
    label="Seats (CSV)",
    folder=Path(__file__).parent,
    brings=("seats", "charges"),
    gaps="A seat that a newer list leaves out stays as it was; write its last day.",
    documents=(
        Document(
            name="seats",
            label="a list of seats in CSV form",
            reader="csv",
            recognise=recognise,
            mappings=(
                Mapping("seat", "seat.sql", "upsert"),
                Mapping("charge", "charge.sql", "seat"),
            ),
            required=REQUIRED,
            optional=OPTIONAL,
            dates=("assigned_from", "assigned_to", "last_active_at", "renewal_date"),
            notices=(
                Notice(
                    "no_horizon",
                    "contains(extras, '\"is_blind\":true')",
                    "{rows} charges are for seats without an end, a renewal date or any activity: "
                    "they are charged only to the end of the month in which the last seat began.",
                ),
            ),
            names={
                "holder": "email", "invoice_issuer_name": "vendor", "billing_currency": "currency",
                "billed_cost": "price", "effective_cost": "price",
                "charge_period_start": "assigned_from", "billing_period_start": "assigned_from",
            },
        ),
    ),
    config_fields=("billing_account_id",),
)  # fmt: skip
