"""One record of an archived file, as it was delivered: read as a stream, unpacked on the way.

`line` is what a fact calls its line: in CSV and JSON lines the line of the file that the record
starts on, counted from one; in a Parquet file or a sheet the number of the row; in other JSON the
ordinal of the record. Records of nested JSON are the objects of the innermost lists, in order.
Lines are counted through the parts of a zip.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

from finops.ledger.delivered import Part

LINE_MAX = 2_000_001  # more than any line that is loaded
JSON_MAX = 64 * 1024 * 1024
RECORD_LINES_MAX = 1000


class TooLargeError(Exception):
    """A JSON file that would have to be read whole and is too large for that."""


class Lines:
    """The lines of a text, counted while they are read."""

    def __init__(self, first: str, text: IO[str]) -> None:
        self.first = first
        self.text = text
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        line = self.first
        while line:
            self.count += 1
            yield line
            line = self.text.readline(LINE_MAX)


def record_at(parts: Iterable[Part], line: int) -> str:
    """The record; empty when no part has it. Raises TooLargeError."""
    for part in parts:
        found, lines = record_of(part, line)
        if found or line <= lines:
            return found
        line -= lines
    return ""


def record_of(part: Part, line: int) -> tuple[str, int]:
    """The record of a part, or how many lines it has when the record is in a later one."""
    if part.is_table:
        return table_record(part.text, line)
    first = part.text.readline(LINE_MAX)
    if is_json(first) and not is_object(first):
        return json_record(first + rest_of(part.text), line)
    lines = Lines(first, part.text)
    return csv_record(iter(lines), line, is_quoted=not is_json(first)), lines.count


def table_record(text: IO[str], line: int) -> tuple[str, int]:
    """A row as its columns and values, one a line; those without a value are left out."""
    csv.field_size_limit(LINE_MAX)
    rows = csv.reader(text)
    header = next(rows, [])
    number = 0
    for row in rows:
        number = int(row[0])
        if number >= line:
            cells = zip(header[1:], row[1:], strict=True) if number == line else ()
            return "\n".join(f"{name}: {cell}" for name, cell in cells if cell), number
    return "", number


def rest_of(text: IO[str]) -> str:
    rest = text.read(JSON_MAX + 1)
    if len(rest) > JSON_MAX:
        raise TooLargeError(f"more than {JSON_MAX} characters")
    return rest


def is_json(first: str) -> bool:
    return first.lstrip().startswith(("{", "["))


def is_object(first: str) -> bool:
    """Whether the first line is an object by itself, as every line of JSON lines is."""
    try:
        return isinstance(json.loads(first), dict)
    except ValueError:
        return False


def csv_record(lines: Iterator[str], line: int, *, is_quoted: bool) -> str:
    """The line, and those that follow while a quote is open."""
    found = islice(lines, line - 1, line - 1 + (RECORD_LINES_MAX if is_quoted else 1))
    record = ""
    for part in found:
        record += part
        if record.count('"') % 2 == 0:
            break
    return record.rstrip("\r\n")


def json_record(text: str, ordinal: int) -> tuple[str, int]:
    """The record as JSON; numbers keep their value. Else how many records there are."""
    try:
        document = json.loads(text)
    except ValueError:
        return "", 0
    documents = document if isinstance(document, list) else [document]
    count = 0
    for count, found in enumerate(leaves(documents), start=1):
        if count == ordinal:
            return json.dumps(found, indent=2, ensure_ascii=False), count
    return "", count


def leaves(elements: list[Any]) -> Iterator[Any]:
    """The objects of the innermost lists. Beside elements with a list, those without hold none."""
    lists = [inner_list(element) for element in elements]
    if all(inner is None for inner in lists):
        yield from elements
        return
    for inner in lists:
        yield from leaves(inner) if inner else ()


def inner_list(element: Any) -> list[Any] | None:
    """The list of objects that an object is a frame for; None when it is a record itself."""
    if not isinstance(element, dict):
        return None
    found = [
        value
        for value in element.values()
        if isinstance(value, list) and all(isinstance(item, dict) for item in value)
    ]
    return found[0] if len(found) == 1 else None
