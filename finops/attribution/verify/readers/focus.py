"""FOCUS files."""

from typing import IO

from finops.attribution.verify.reading import FileSums, UnreadableError, csv_rows, decimal


def focus_csv(text: IO[str], sums: FileSums) -> None:
    """Add up BilledCost per BillingCurrency of a FOCUS file."""
    header, rows = csv_rows(text)
    try:
        amount_at, currency_at = header.index("billedcost"), header.index("billingcurrency")
    except ValueError:
        raise UnreadableError("BilledCost or BillingCurrency is not among the columns") from None
    for row in rows:
        sums.bill(row[currency_at].strip().upper(), decimal(row[amount_at]))


READERS = {"": focus_csv}
