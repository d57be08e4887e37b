"""One-off bills that somebody types in: each is a small file that is loaded like any other."""

from pathlib import Path

from billing_ingest.connector import Connector, Document, Mapping, Sniff


def recognise(sniff: Sniff) -> str | None:
    """A bill as the form writes it."""
    head = sniff.head.lstrip()
    if head.startswith(b"{") and b'"typed_bill"' in head and b'"vendor"' in head:
        return "it is a bill that was typed in"
    return None


CONNECTOR = Connector(
    slug="typed_bills",
    label="Bills typed in",
    folder=Path(__file__).parent,
    brings=("charges",),
    documents=(
        Document(
            name="bill",
            label="a bill that was typed in",
            reader="json",
            recognise=recognise,
            mappings=(Mapping("charge", "charge.sql", "seat"),),
            names={
                "invoice_issuer_name": "vendor", "billing_currency": "currency",
                "billed_cost": "amount", "effective_cost": "amount",
                "charge_period_start": "period_start", "charge_period_end": "period_end",
                "billing_period_start": "period_start",
            },
        ),
    ),
)  # fmt: skip
