"""A bill that was typed in."""

from datetime import date
from decimal import Decimal
from typing import IO

from finops.attribution.verify.reading import FileSums, decimal, json_documents


def bill(text: IO[str], sums: FileSums) -> None:
    """Add the amount; over several months there is one more line for each, which bills nothing."""
    for said in json_documents(text):
        sums.bill(said["currency"], decimal(said["amount"]))
        start, end = (date.fromisoformat(said[name]) for name in ("period_start", "period_end"))
        last = end.toordinal() - 1
        first_month, last_month = ((d.year * 12 + d.month) for d in (start, date.fromordinal(last)))
        months = last_month - first_month + 1
        for _ in range(months if months > 1 else 0):
            sums.bill(said["currency"], Decimal(0))


READERS = {"bill": bill}
