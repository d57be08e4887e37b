"""A second pair of eyes: what a vendor's file says, read without the code that loaded it.

The standard library parses here (csv, json) and amounts go from the file's text to Decimal.
A sum that would need rounding raises instead.
"""

import csv
import gzip
import io
import json
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, InvalidOperation
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

import zstandard

# Wide enough for 38 digits and a sum of any number of lines; it never rounds in silence.
EXACT = Context(prec=120, traps=[Inexact, InvalidOperation])
DELIMITERS = ",;\t|"
SIGNS = set("$€£")
WITHOUT_SIGN = str.maketrans("", "", "$€£,")
GZIP, ZIP, ZSTD = b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd"


class UnreadableError(Exception):
    """The file does not say what a file of its kind must say."""


@dataclass
class FileSums:
    """Billed money per currency, and how many lines carried it."""

    totals: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    lines: int = 0

    def add(self, currency: str, amount: Decimal) -> None:
        self.totals[currency] = EXACT.add(self.totals[currency], amount)
        self.lines += 1


def focus_csv(text: IO[str], sums: FileSums) -> None:
    """Add up BilledCost per BillingCurrency of a FOCUS file."""
    csv.field_size_limit(2**31 - 1)
    first = next((line for line in text if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    rows = csv.reader(chain([first], text), delimiter=delimiter, strict=True)
    header = [name.strip().lower() for name in next(rows, [])]
    try:
        amount_at, currency_at = header.index("billedcost"), header.index("billingcurrency")
    except ValueError:
        raise UnreadableError("BilledCost or BillingCurrency is not among the columns") from None
    for row in rows:
        if any(cell.strip() for cell in row):
            sums.add(row[currency_at].strip().upper(), _decimal(row[amount_at]))


def anthropic_costs(text: IO[str], sums: FileSums) -> None:
    """Add up the results of cost report pages; an amount is a decimal string in cents."""
    for page in json_documents(text):
        for bucket in page.get("data", []):
            for result in bucket.get("results", []):
                amount = _decimal(result["amount"]).scaleb(-2, EXACT)
                sums.add(str(result.get("currency") or "USD").upper(), amount)


def json_documents(text: IO[str]) -> Iterator[Any]:
    """Yield each top-level object: of JSON lines, of one document, or of an array of them."""
    decode = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal).decode
    first = text.readline()
    try:
        whole = decode(first)
    except ValueError:
        whole = decode(first + text.read())
    yield from whole if isinstance(whole, list) else [whole]
    for line in text:
        if line.strip():
            yield decode(line)


Reader = Callable[[IO[str], FileSums], None]
# (connector, document) -> reader; an empty document stands for all of the connector's.
READERS: dict[tuple[str, str], Reader] = {
    ("focus", ""): focus_csv,
    ("anthropic", "cost_report"): anthropic_costs,
}


def reader_for(connector: str, document: str) -> Reader | None:
    return READERS.get((connector, document)) or READERS.get((connector, ""))


def sums_of(path: Path, reader: Reader) -> FileSums:
    """Read an archived file, packed or not, and add up what it bills.

    Raises UnreadableError when it is not what the reader expects.
    """
    sums = FileSums()
    try:
        with ExitStack() as stack:
            for binary in _unpacked(path, stack):
                reader(io.TextIOWrapper(binary, "utf-8-sig", newline=""), sums)
    except (ValueError, KeyError, IndexError, ArithmeticError, csv.Error, EOFError) as error:
        raise UnreadableError(f"{type(error).__name__}: {error}") from error
    except (OSError, zlib.error, zipfile.BadZipFile, zstandard.ZstdError) as error:
        raise UnreadableError(str(error)) from error
    return sums


def _unpacked(path: Path, stack: ExitStack) -> Iterator[IO[bytes]]:
    """Yield the file, or every file of a zip, as a stream of what was packed."""
    raw = stack.enter_context(path.open("rb"))
    head = raw.read(4)
    raw.seek(0)
    if head.startswith(GZIP):
        yield cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=raw)))
    elif head.startswith(ZSTD):
        yield cast("IO[bytes]", io.BufferedReader(_zstd(raw)))
    elif head.startswith(ZIP):
        packed = stack.enter_context(zipfile.ZipFile(raw))
        for entry in packed.infolist():
            if not entry.is_dir() and not entry.filename.startswith("__MACOSX/"):
                yield stack.enter_context(packed.open(entry))
    else:
        yield raw


def _zstd(raw: IO[bytes]) -> Any:
    reader = zstandard.ZstdDecompressor(max_window_size=2**27)
    return reader.stream_reader(raw, read_across_frames=True)


def _decimal(text: str) -> Decimal:
    if SIGNS & set(str(text)):
        text = text.translate(WITHOUT_SIGN)  # $1,234.50 is 1234.50
    amount = Decimal(str(text).strip())
    if not amount.is_finite():
        raise ValueError(f"{text!r} is no amount")
    return amount
