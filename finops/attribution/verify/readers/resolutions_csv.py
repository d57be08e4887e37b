"""Our list of billed outcomes."""

from typing import IO

from finops.attribution.verify.reading import FileSums, UnreadableError, csv_rows, decimal


def resolutions(text: IO[str], sums: FileSums) -> None:
    """Add up the amounts; a line that is taken back has a negative one."""
    header, rows = csv_rows(text)
    columns = [header.index(name) for name in ("amount", "price") if name in header]
    if not columns or "currency" not in header:
        raise UnreadableError("amount or currency is not among the columns")
    currency = header.index("currency")
    for row in rows:
        amount = next(row[place] for place in columns if row[place].strip())
        sums.bill(row[currency].strip().upper(), decimal(amount))


READERS = {"resolutions": resolutions}
