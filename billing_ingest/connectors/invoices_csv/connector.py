"""Invoices of any vendor, in our own CSV form: what is due for which period."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff

REQUIRED = ("number", "issued_on", "period_start", "period_end", "currency", "amount")


def recognise(sniff: Sniff) -> str | None:
    """A list of invoices names their number, day of issue, period and amount."""
    if set(sniff.header).issuperset(REQUIRED):
        return "it has the columns number, issued_on, period_start, period_end and amount"
    return None


CONNECTOR = Connector(
    slug="invoices_csv",
    label="Invoices (CSV)",
    folder=Path(__file__).parent,
    brings=("invoices",),
    documents=(
        Document(
            name="invoices",
            label="a list of invoices in CSV form",
            reader="csv",
            recognise=recognise,
            mappings=(Mapping("invoice", "invoice.sql", "upsert"),),
            required=REQUIRED,
            optional=("vendor", "issuer", "account", "tax", "note"),
            names={
                "issuer": "vendor", "billing_account_id": "account", "tax_amount": "tax",
            },
        ),
    ),
)  # fmt: skip
