"""Which connector and which of its documents a file belongs to, by a look at its beginning.

Quick enough for the request that brings the file; the check in the worker reads all of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from billing_ingest import unpack
from billing_ingest.connector import Connector, Document, Sniff
from billing_ingest.header import sniff_header
from billing_ingest.refusal import Refused
from billing_ingest.registry import CONNECTORS, connector


@dataclass(frozen=True)
class Recognised:
    """A file's connector and document, and why we think so, in words."""

    connector: Connector
    document: Document
    reason: str


def recognise(path: Path, filename: str) -> Recognised | None:
    """The first connector that knows the file; None for a stranger or a damaged archive."""
    sniff = sniff_of(path, filename)
    return next(claims(sniff), None) if sniff else None


def claims(sniff: Sniff) -> Iterator[Recognised]:
    for slug in CONNECTORS:
        known = connector(slug)
        for document in known.documents:
            if reason := document.recognise(sniff):
                yield Recognised(known, document, reason)


def sniff_of(path: Path, filename: str) -> Sniff | None:
    """The decompressed beginning of the file; None when it cannot be opened."""
    try:
        head = unpack.head_of(path)
        opened = unpack.open_archive(path, filename, head)
        if opened is not None:
            filename, head = opened.name, next(opened.blocks, b"")[: unpack.HEAD]
    except Refused:
        return None
    return Sniff(filename, sniff_header(head).names, head)
