"""A second pair of eyes: archived bytes as text and sums, without the code that loaded them.

The standard library parses here (csv, json) and amounts go from the file's text to Decimal.
A sum that would need rounding raises instead. What a file of each kind says: `readers.py`.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, InvalidOperation
from itertools import chain
from pathlib import Path
from typing import IO, Any

from finops.ledger.delivered import UNREADABLE, parts_of

# Wide enough for 38 digits and a sum of any number of lines; it never rounds in silence.
EXACT = Context(prec=120, traps=[Inexact, InvalidOperation])
DELIMITERS = ",;\t|"
SIGNS = set("$€£")
WITHOUT_SIGN = str.maketrans("", "", "$€£,")
DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal)


class UnreadableError(Exception):
    """The file does not say what a file of its kind must say."""


@dataclass
class FileSums:
    """What a file says. `repeats` of the rows say a request that an earlier row said."""

    totals: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))  # billed
    rows: int = 0
    repeats: int = 0
    measures: dict[str, Decimal] = field(default_factory=dict)  # our column -> sum of a log

    def bill(self, currency: str, amount: Decimal) -> None:
        self.totals[currency] = EXACT.add(self.totals[currency], amount)
        self.rows += 1

    def measure(self, column: str, amount: Decimal) -> None:
        self.measures[column] = EXACT.add(self.measures.get(column, Decimal(0)), amount)


def csv_rows(text: IO[str]) -> tuple[list[str], Iterator[list[str]]]:
    """Return the header, in lower case, and the rows that are not blank."""
    csv.field_size_limit(2**31 - 1)
    first = next((line for line in text if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    rows = csv.reader(chain([first], text), delimiter=delimiter, strict=True)
    header = [name.strip().lower() for name in next(rows, [])]
    return header, (row for row in rows if any(map(str.strip, row)))


def json_documents(text: IO[str]) -> Iterator[Any]:
    """Yield each top-level object: of JSON lines, or of arrays and objects one after another."""
    first = text.readline()
    while first and not first.strip():
        first = text.readline()
    try:
        DECODER.decode(first)
    except ValueError:
        said = (first + text.read()).lstrip()
        while said:
            document, end = DECODER.raw_decode(said)
            yield from document if isinstance(document, list) else [document]
            said = said[end:].lstrip()
        return
    for line in chain([first], text):
        if line.strip():
            document = DECODER.decode(line)
            yield from document if isinstance(document, list) else [document]


Reader = Callable[[IO[str], FileSums], None]


def sums_of(path: Path, reader: Reader, sheets: Sequence[str] = ()) -> FileSums:
    """Read an archived file, packed or not, and add up what it bills.

    The reader sees each part as text: a Parquet file and a sheet as CSV. `sheets` are those of a
    workbook that count. Raises UnreadableError when it is not what the reader expects.
    """
    sums = FileSums()
    try:
        with closing(parts_of(path, sheets)) as parts:
            for part in parts:
                reader(part.text, sums)
    except (ValueError, KeyError, IndexError, ArithmeticError, csv.Error, EOFError) as error:
        raise UnreadableError(f"{type(error).__name__}: {error}") from error
    except UNREADABLE as error:
        raise UnreadableError(str(error)) from error
    return sums


def decimal(text: str) -> Decimal:
    """Read an amount as people write it. Raises ValueError or ArithmeticError when it is none."""
    if SIGNS & set(str(text)):
        text = text.translate(WITHOUT_SIGN)  # $1,234.50 is 1234.50
    amount = Decimal(str(text).strip())
    if not amount.is_finite():
        raise ValueError(f"{text!r} is no amount")
    return amount
