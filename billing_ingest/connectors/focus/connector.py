"""FOCUS 1.0 to 1.4: the open format for bills. A vendor that exports it needs no code."""

from pathlib import Path

from billing_ingest.connector import Connector, Sniff
from billing_ingest.focus import focus_document, recognise_focus


def _declines(sniff: Sniff) -> str | None:
    """Name the files of FOCUS that hold no charges."""
    if dataset := None if recognise_focus(sniff) else _other_dataset(set(sniff.header)):
        return f"This is FOCUS's dataset of {dataset}. Give the cost and usage dataset."
    if b'"ColumnName"' in sniff.head or b'"TabularTranslator"' in sniff.head:
        return "This describes the columns of FOCUS files. It holds no charges."
    return None


def _other_dataset(header: set[str]) -> str | None:
    """Say which dataset of 1.3 and 1.4 a header belongs to; one folder may hold them all."""
    if any(column.startswith("ContractCommitment") for column in header):
        return "contract commitments"
    if "InvoiceDetailId" in header:
        return "invoice details"
    if "BillingPeriodStart" in header and not header & {"BilledCost", "ChargeCategory"}:
        return "billing periods"
    return None


CONNECTOR = Connector(
    slug="focus",
    label="FOCUS",
    folder=Path(__file__).parent,
    brings=("charges",),
    documents=(
        focus_document("cost", "a FOCUS cost and usage file", recognise_focus, "charge.sql"),
    ),
    declines=_declines,
)
