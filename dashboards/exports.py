"""The rows of a panel as a file: UTF-8 CSV that a spreadsheet can be trusted with."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import chain

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.text import slugify

from dashboards.panel import Table
from finops.money import cents_that_add_up

# A cell that starts with one of these would be run as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def as_file(table: Table, name: str) -> HttpResponse:
    """The table as a download. The byte order mark tells spreadsheets that it is UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows([safe(value) for value in row] for row in table.rows)
    response = HttpResponse(f"\ufeff{text.getvalue()}", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slugify(name)}.csv"'
    return response


class Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def streamed(rows: Iterable[Sequence[str]], name: str) -> StreamingHttpResponse:
    """Many rows as a download, written while they are read."""
    writer = csv.writer(Echo())
    lines = (writer.writerow([safe(value) for value in row]) for row in rows)
    response = StreamingHttpResponse(
        chain(("\ufeff",), lines), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{slugify(name)}.csv"'
    return response


def safe(value: str) -> str:
    """A number stays a number; text that looks like a formula gets an apostrophe."""
    if value.startswith(FORMULA_STARTS) and not is_number(value):
        return f"'{value}"
    return value


def is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except ArithmeticError:
        return False


def amounts(nanos: Sequence[int], total: int | None = None) -> list[str]:
    """Amounts of a column at cents that add up to the column's rounded total."""
    return [f"{amount:.2f}" for amount in cents_that_add_up(nanos, total)]


def per_unit(nanos: Decimal | int | None) -> str:
    """An amount per outcome at cents; empty when it is unknown."""
    return "" if nanos is None else f"{Decimal(nanos) / 10**9:.2f}"


def ratio(share: Decimal | None) -> str:
    """A share as a plain number with four decimals; empty when it is unknown."""
    return "" if share is None else f"{share:.4f}"
