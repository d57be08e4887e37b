"""Cost exports of Azure."""

from typing import IO

from finops.attribution.verify.readers.focus import focus_csv
from finops.attribution.verify.reading import FileSums, UnreadableError, csv_rows, decimal

AMOUNTS = ("costinbillingcurrency", "pretaxcost")
CURRENCIES = ("billingcurrencycode", "billingcurrency", "currency")


def costs(text: IO[str], sums: FileSums) -> None:
    """Add up the cost in billing currency, under whichever name the header has it."""
    header, rows = csv_rows(text)
    amounts = [header.index(name) for name in AMOUNTS if name in header]
    currencies = [header.index(name) for name in CURRENCIES if name in header]
    if not amounts or not currencies:
        raise UnreadableError("there is no column of costs or none of currencies")
    for row in rows:
        said = [row[place] for place in currencies if row[place].strip()]
        amount = next((row[place] for place in amounts if row[place].strip()), "")
        sums.bill(said[0].strip().upper(), decimal(amount))


READERS = {"actual": costs, "amortised": costs, "focus": focus_csv}
