"""AWS's bills: Cost and Usage Reports in both shapes, and FOCUS exports."""

from functools import partial
from typing import IO

from finops.attribution.verify.readers.focus import focus_csv
from finops.attribution.verify.reading import FileSums, UnreadableError, csv_rows, decimal


def unblended(text: IO[str], sums: FileSums, amount: str, currency: str) -> None:
    """Add up what every line costs unblended: with discounts and credits, that is the bill."""
    header, rows = csv_rows(text)
    try:
        amount_at, currency_at = header.index(amount), header.index(currency)
    except ValueError:
        raise UnreadableError(f"{amount} or {currency} is not among the columns") from None
    for row in rows:
        if len(row) != len(header):
            raise UnreadableError(f"a line has {len(row)} cells, the header {len(header)}")
        sums.bill(row[currency_at].strip(), decimal(row[amount_at]))


READERS = {
    "cur": partial(unblended, amount="lineitem/unblendedcost", currency="lineitem/currencycode"),
    "cur2": partial(
        unblended, amount="line_item_unblended_cost", currency="line_item_currency_code"
    ),
    "focus": focus_csv,
}
