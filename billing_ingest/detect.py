"""What a file that nobody knows holds: its columns with a few values of each."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_ingest.connector import Connector, Document, Reader
from billing_ingest.read import read
from billing_ingest.refusal import Refused
from finops.ledger.models import Import
from finops.outside import archive

SAMPLES = 3
ROWS = 50
COLUMNS_MOST = 200
OWN = ("_line", "_extras", "_ordinal")


@dataclass(frozen=True)
class Detected:
    """The columns of a file, or the paths in its records, each with some of its values."""

    reader: Reader
    columns: dict[str, list[str]]
    records_at: str = ""


def detect(imp: Import) -> Detected:
    """Look at the beginning of an import's file. Raises Refused when no table can be seen."""
    with archive.local_copy(imp.sha256) as path:
        is_json = path.open("rb").read(1024).lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[")
        return look(path, imp.filename, "json" if is_json else "csv")


def look(path: Path, filename: str, reader: Reader) -> Detected:
    document = Document("any", "a table", reader, lambda _: "it was chosen", ())
    anybody = Connector("any", "A file", Path(), (), (document,))
    with (
        archive.scratch_folder() as folder,
        read(path, filename, anybody, "any", folder) as reading,
    ):
        if reader == "json":
            docs = [json.loads(row[0]) for row in reading.run(f"SELECT doc FROM raw LIMIT {ROWS}")]
            return of_records(docs)
        rows = reading.run(f"SELECT * FROM raw LIMIT {ROWS}")
        names = [row[0] for row in reading.run("DESCRIBE raw")]
    by_name = {
        name: samples(row[place] for row in rows)
        for place, name in enumerate(names[:COLUMNS_MOST])
        if name not in OWN
    }
    return Detected("csv", by_name)


def of_records(docs: list[Any]) -> Detected:
    """Find the records: the objects themselves, or the longest list of objects inside them."""
    lists: dict[str, list[Any]] = {}
    for doc in docs:
        for path, found in lists_in(doc):
            lists.setdefault(path, []).extend(found)
    at = max(lists, key=lambda path: len(lists[path]), default="")
    records = lists[at][:ROWS] if at else docs
    values: dict[str, list[str]] = {}
    for record in records:
        for path, value in leaves(record):
            values.setdefault(path, []).append(value)
    columns = {path: samples(said) for path, said in list(values.items())[:COLUMNS_MOST]}
    if not columns:
        raise Refused([])
    return Detected("json", columns, at)


def lists_in(value: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of objects that are reached through objects alone."""
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        if isinstance(inner, list) and inner and all(isinstance(one, dict) for one in inner):
            yield here, inner
        else:
            yield from lists_in(inner, here)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the plain values of a record with their paths."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif path and not isinstance(value, list):
        yield path, "" if value is None else str(value)


def samples(values: Iterable[Any]) -> list[str]:
    """Some different values, short."""
    said = dict.fromkeys(str(value)[:60] for value in values if value not in (None, ""))
    return list(said)[:SAMPLES]
