"""Tables of ours without money and measures: their rows are counted."""

from typing import IO

from finops.attribution.verify.reading import FileSums, UnreadableError, csv_rows


def rows_of_csv(text: IO[str], sums: FileSums, column: str) -> None:
    """Count the rows of a table that has this column."""
    header, rows = csv_rows(text)
    if column not in header:
        raise UnreadableError(f"{column} is not among the columns")
    sums.rows += sum(1 for _ in rows)
