"""Which document of a connector a delivery is: all its parts must be of one."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_ingest.connector import Connector, Document, Sniff
from billing_ingest.header import Header, sniff_header
from billing_ingest.refusal import Refused, refuse
from billing_ingest.typed import header_of_table
from billing_ingest.unpack import Plain


@dataclass(frozen=True)
class Sniffed:
    """A part, its columns, and what a document may look at."""

    plain: Plain
    header: Header
    sniff: Sniff


def sniffed(plain: Plain) -> Sniffed:
    header = header_of_table(plain.typed) if plain.typed else sniff_header(plain.head)
    return Sniffed(plain, header, Sniff(plain.name, header.names, plain.head))


def chosen(
    connector: Connector, wanted: str, plains: Sequence[Plain]
) -> tuple[Document, str, list[Sniffed]]:
    """Return the document, the reason in words, and the parts to read. Raises Refused.

    Of a workbook only the sheets that the document recognises are read; of a zip every file.
    """
    parts = [sniffed(plain) for plain in plains]
    if len(parts) > 1 and all(part.plain.typed and part.plain.typed.first_row for part in parts):
        parts = known_sheets(connector, wanted, parts)
    kinds = [find_document(connector, wanted, part.sniff) for part in parts]
    if len({kind.name for kind in kinds}) > 1:
        raise several_documents(parts, kinds)
    return kinds[0], kinds[0].recognise(parts[0].sniff) or "", parts


def known_sheets(connector: Connector, wanted: str, sheets: list[Sniffed]) -> list[Sniffed]:
    """Return the sheets that one document recognises, else the first one."""
    documents = [d for d in connector.documents if wanted in ("", d.name)]
    for document in documents:
        if known := [sheet for sheet in sheets if document.recognise(sheet.sniff)]:
            return known
    return sheets[:1]


def find_document(connector: Connector, wanted: str, sniff: Sniff) -> Document:
    """Return the named document, the one that recognises the file, or the only one there is."""
    documents = connector.documents
    if wanted:
        return next(document for document in documents if document.name == wanted)
    for document in documents:
        if document.recognise(sniff):
            return document
    reason = connector.declines(sniff) if connector.declines else None
    if len(documents) == 1 and reason is None:
        if documents[0].reader == "json" or not is_json(sniff):
            return documents[0]
        reason = f"This is JSON. {documents[0].label.capitalize()} is a table of lines."
    labels = ", ".join(document.label for document in documents)
    raise refuse(
        "unknown_file", reason or f"This is none of the files that {connector.label} gives.",
        file=sniff.filename, line=1, found=", ".join(sniff.header), expected=labels,
        fix="Choose another source, or export one of these.",
    )  # fmt: skip


def is_json(sniff: Sniff) -> bool:
    """Say whether a file begins as objects of JSON do, and no header of a table does."""
    return sniff.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def several_documents(parts: Sequence[Sniffed], kinds: Sequence[Document]) -> Refused:
    """Return the refusal of a zip of different things: they cannot be one import."""
    first = {
        kind.name: (part, kind) for part, kind in reversed(list(zip(parts, kinds, strict=True)))
    }
    said = ", ".join(f"{part.plain.name} is {kind.label}" for part, kind in first.values())
    return refuse(
        "several_files", "The zip file holds files of different kinds.", found=said,
        expected="files of one kind", fix="Pack the files of each kind by themselves.",
    )  # fmt: skip
