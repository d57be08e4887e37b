"""One record of an archived file, as it was delivered: read as a stream, unpacked on the way.

`line` is what a fact calls its line: in CSV and JSON lines the line of the file that the record
starts on, counted from one; in other JSON the ordinal of the record. Records of nested JSON are
the objects of the innermost lists, in order.
"""

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO, cast

import zstandard

GZIP, ZIP, ZSTD = b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd"
LINE_MAX = 1024 * 1024
JSON_MAX = 64 * 1024 * 1024
RECORD_LINES_MAX = 1000


UNREADABLE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, zstandard.ZstdError)


class TooLargeError(Exception):
    """A JSON file that would have to be read whole and is too large for that."""


@contextmanager
def unpacked(raw: BinaryIO) -> Iterator[io.TextIOWrapper]:
    """The text of the file, or of the first file in an archive."""
    head = raw.read(4)
    raw.seek(0)
    if head.startswith(GZIP):
        plain: Any = gzip.GzipFile(fileobj=raw)
    elif head.startswith(ZSTD):
        reader = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(raw)
        plain = io.BufferedReader(cast("Any", reader))
    elif head.startswith(ZIP):
        archive = zipfile.ZipFile(raw)
        files = [e for e in archive.infolist() if not e.is_dir() and "__MACOSX" not in e.filename]
        plain = archive.open(files[0]) if files else io.BytesIO()
    else:
        plain = raw
    with io.TextIOWrapper(plain, "utf-8-sig", errors="replace", newline="") as text:
        yield text


def record_at(text: io.TextIOWrapper, line: int) -> str:
    """The record; empty when the file has none there. Raises TooLargeError."""
    first = text.readline(LINE_MAX)
    if is_json(first) and not is_object(first):
        return json_record(first + rest_of(text), line)
    return csv_record(chained(first, text), line, is_quoted=not is_json(first))


def chained(first: str, text: io.TextIOWrapper) -> Iterator[str]:
    yield first
    while following := text.readline(LINE_MAX):
        yield following


def rest_of(text: io.TextIOWrapper) -> str:
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


def json_record(text: str, ordinal: int) -> str:
    """The record as JSON; numbers keep their value."""
    try:
        document = json.loads(text)
    except ValueError:
        return ""
    documents = document if isinstance(document, list) else [document]
    found = next(islice(leaves(documents), ordinal - 1, None), None)
    return "" if found is None else json.dumps(found, indent=2, ensure_ascii=False)


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
