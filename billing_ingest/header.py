"""The first record of a CSV file: which columns there are and what separates them."""

import csv
import difflib
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from billing_ingest.connector import Document
from billing_ingest.refusal import Problem, Refused, problem, refuse

MARK = "\ufeff"
DELIMITERS = ",;\t|"
COLUMNS_MAX = 2000
DELIMITER_WORDS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Header:
    """Column names in file order, the delimiter, and how many lines the header takes."""

    names: tuple[str, ...]
    delimiter: str
    lines: int

    def has(self, column: str) -> bool:
        return column.lower() in (name.lower() for name in self.names)


def sniff_header(head: bytes) -> Header:
    """Read the first record with the delimiter that splits it best; no judgement yet."""
    text = head.decode("utf-8", errors="replace").removeprefix(MARK)
    headers = [first_record(text, delimiter) for delimiter in DELIMITERS]
    return max(headers, key=lambda header: len(header.names))


def first_record(text: str, delimiter: str) -> Header:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    names = next(reader, [])
    return Header(tuple(name.strip() for name in names), delimiter, reader.line_num)


def head_bytes(names: Iterable[str]) -> bytes:
    """Return the names as the first line of a CSV file."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(names)
    return line.getvalue().encode()


def check_header(header: Header, file: str, document: Document) -> None:
    """Refuse a header that cannot be trusted: unnamed, doubled or missing columns."""
    if len(header.names) > COLUMNS_MAX:
        raise refuse(
            "too_many_columns", "The file has too many columns.", file=file, line=1,
            found=str(len(header.names)), expected=f"at most {COLUMNS_MAX}",
            fix="Check that line ends are not missing.",
        )  # fmt: skip
    problems = [*named_badly(header, file), *doubled(header, file)]
    problems += missing(header, file, document.required)
    if problems:
        raise Refused(problems)


def named_badly(header: Header, file: str) -> Iterable[Problem]:
    for place, name in enumerate(header.names, start=1):
        if not name or MARK in name:
            yield problem(
                "bad_header", f"Column {place} of the header has no proper name.", file=file,
                line=1, column=str(place), found=name, expected="a name for every column",
                fix="Name the column, or remove it.",
            )  # fmt: skip


def doubled(header: Header, file: str) -> Iterable[Problem]:
    counts = Counter(name.lower() for name in header.names if name)
    for name, count in counts.items():
        if count > 1:
            column = next(own for own in header.names if own.lower() == name)
            yield problem(
                "duplicate_column", f"{count} columns are named {column}.", file=file, line=1,
                column=column, found=column, expected="every name once",
                fix="Rename or remove one of them.",
            )  # fmt: skip


def missing(header: Header, file: str, required: Iterable[str]) -> Iterable[Problem]:
    for column in required:
        if header.has(column):
            continue
        near = nearest(column, header.names)
        yield problem(
            "missing_column", f"The column {column} is missing.", file=file, line=1, column=column,
            found=near or ", ".join(header.names), expected=column,
            fix=f"Rename {near} to {column} if that is what it is." if near
            else "Export the file with this column.",
        )  # fmt: skip


def nearest(column: str, names: Iterable[str]) -> str | None:
    """Return the name that looks most like the column, None when none does."""
    by_key = {name.lower().replace("_", "").replace(" ", ""): name for name in names}
    key = column.lower().replace("_", "")
    close = difflib.get_close_matches(key, by_key, n=1, cutoff=0.7)
    return by_key[close[0]] if close else None
