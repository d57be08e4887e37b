"""Which connector and which of its documents a file belongs to, by a look at its beginning.

Quick enough for the request that brings the file; the check in the worker reads all of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from billing_ingest import unpack
from billing_ingest.archives import Opened, unzip
from billing_ingest.connector import Connector, Document, Sniff
from billing_ingest.header import sniff_header
from billing_ingest.refusal import Refused
from billing_ingest.registry import CONNECTORS, connector
from billing_ingest.typed import Typed, head_of_table, header_of_table, parquet_columns, sheets
from finops.outside.archive import scratch_folder


@dataclass(frozen=True)
class Recognised:
    """A file's connector and document, and why we think so, in words."""

    connector: Connector
    document: Document
    reason: str


def recognise(path: Path, filename: str) -> Recognised | None:
    """The first connector that knows the file; None for a stranger or a damaged archive."""
    try:
        return next(chain.from_iterable(claims(sniff) for sniff in sniffs_of(path, filename)), None)
    except Refused:
        return None


def claims(sniff: Sniff) -> Iterator[Recognised]:
    for slug in CONNECTORS:
        known = connector(slug)
        for document in known.documents:
            if reason := document.recognise(sniff):
                yield Recognised(known, document, reason)


def known_and_not_read(path: Path, filename: str) -> Connector | None:
    """The connector that can say why it does not read the file; None for a real stranger."""
    try:
        sniffs = list(sniffs_of(path, filename))
    except Refused:
        return None
    known = (connector(slug) for slug in CONNECTORS)
    able = (one for one in known if one.declines and any(map(one.declines, sniffs)))
    return next(able, None)


def sniffs_of(path: Path, filename: str) -> Iterable[Sniff]:
    """What documents may look at: of a workbook every sheet, of a zip its first file.

    Raises Refused when the file cannot be opened.
    """
    if unpack.head_of(path).startswith((unpack.ZIP, unpack.ZIP_EMPTY)):
        if unpack.is_workbook(path):
            return [sniff_of_table(sheet, filename) for sheet in sheets(path)]
        with scratch_folder() as folder:
            return [sniff_of(beginning(unzip(path)[0], folder / "entry"), folder)]
    with scratch_folder() as folder:
        return [sniff_of((path, filename), folder)]


def beginning(opened: Opened, target: Path) -> tuple[Path, str]:
    """Write the first block of a packed file; all of it when it says its columns at its end."""
    first = next(opened.blocks, b"")
    with target.open("wb") as out:
        out.write(first)
        if first.startswith(unpack.PARQUET):
            out.writelines(opened.blocks)
    return target, opened.name


def sniff_of(file: tuple[Path, str], folder: Path) -> Sniff:
    """Look at one file, packed once more or not."""
    path, filename = file
    opened = unpack.open_packed(path, filename, unpack.head_of(path))
    if opened is not None:
        path, filename = beginning(opened, folder / "unpacked")
    head = unpack.head_of(path)
    if head.startswith(unpack.PARQUET):
        return sniff_of_table(parquet_columns(path), filename)
    return Sniff(filename, sniff_header(head).names, head)


def sniff_of_table(typed: Typed, filename: str) -> Sniff:
    return Sniff(filename, header_of_table(typed).names, head_of_table(typed))
