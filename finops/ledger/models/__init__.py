"""The facts: sources, imports, the slices an import replaces, charges, usage, prices, rates.

Only `billing_ingest` writes these tables. Charges and usage are partitioned by month.
A slice is the part of a table that a delivery replaces as a whole (a billing period, a day,
an object). A newer slice with the same key supersedes the older one; both stay readable.
"""

from finops.ledger.models.ai_scope import AiScopeRule
from finops.ledger.models.facts import Charge, DimensionFields, NextVal, Usage
from finops.ledger.models.imports import (
    BillingScope,
    FeedSwitch,
    Import,
    SavedMapping,
    Slice,
    Source,
)
from finops.ledger.models.papers import Invoice, Seat, VendorName
from finops.ledger.models.posted import IngestToken, RunningTotal
from finops.ledger.models.prices import FxRate, Price, Unit

__all__ = [
    "AiScopeRule", "BillingScope", "Charge", "DimensionFields", "FeedSwitch", "FxRate", "Import",
    "IngestToken", "Invoice", "NextVal", "Price", "RunningTotal", "SavedMapping", "Seat", "Slice",
    "Source", "Unit", "Usage", "VendorName",
]  # fmt: skip
