"""From the delivered bytes to plain files: decompressed as a stream, within limits.

What a file is, its first bytes say, never its name. Limits are counted while decompressing,
because what an archive claims about its size proves nothing. A zip is its files, a workbook its
sheets; each of them is a part of the delivery.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from billing_ingest.archives import Opened, gunzip, open_zip, unzip, unzstd
from billing_ingest.refusal import Refused, refuse
from billing_ingest.scan import Scan, one_kind_of_line_end
from billing_ingest.typed import Typed, head_of_table, parquet_table, sheets

BLOCK = 1024 * 1024
HEAD = 64 * 1024
UNPACKED_MAX = 64 * 1024**3
RATIO_MAX = 200
RATIO_FREE = 64 * 1024 * 1024  # below this size any ratio is harmless

GZIP, ZIP, ZIP_EMPTY, ZSTD = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06", b"\x28\xb5\x2f\xfd"
PARQUET = (b"PAR1", b"PARE")
PACKED = (GZIP, ZIP, ZSTD)
UNSUPPORTED = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!": "RAR",
    b"\x04\x22\x4d\x18": "LZ4",
}
NOT_TEXT = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
}
OLD_OFFICE = b"\xd0\xcf\x11\xe0"
WIDE = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
WORKBOOK = {"xl/workbook.xml", "xl/workbook.bin"}
OTHER_OFFICE = {"word/document.xml", "ppt/presentation.xml", "mimetype"}


@dataclass(frozen=True)
class Plain:
    """A part of a delivery: a text file with one kind of line end, or a table of text.

    `path` of a sheet is its workbook until `typed.sheet_table` made a table of it.
    """

    path: Path
    name: str  # as the person knows it: the entry of a zip, the sheet, else the delivered file
    size: int
    lines: int
    head: bytes  # the first 64 KiB; of a table its header as a line of CSV
    typed: Typed | None = None  # of a Parquet file or a sheet


class Budget:
    """How many bytes may come out of an archive of this size."""

    def __init__(self, packed_size: int) -> None:
        self.packed_size = packed_size
        self.size = 0

    def take(self, block: bytes, name: str) -> None:
        """Count a block. Raises Refused as soon as it is too much: that ends a bomb early."""
        self.size += len(block)
        if self.size > UNPACKED_MAX or (
            self.size > RATIO_FREE and self.size > RATIO_MAX * max(self.packed_size, 1)
        ):
            raise refuse(
                "archive_ratio", "The archive unpacks to far more than it should.", file=name,
                found=f"over {self.size} bytes from {self.packed_size}",
                expected=f"at most {RATIO_MAX} times its packed size",
                fix="Check the archive; upload the data in smaller files.",
            )  # fmt: skip


def unpack(path: Path, filename: str, folder: Path) -> list[Plain]:
    """Give the parts of the delivered file, in `folder` where they had to be rewritten.

    Raises Refused for anything that is not whole text files or tables.
    """
    head = head_of(path)
    if not head:
        raise refuse("empty_file", "The file is empty.", file=filename, fix="Export it again.")
    budget = Budget(path.stat().st_size)
    try:
        if not head.startswith((ZIP, ZIP_EMPTY)):
            return [one_file(path, filename, folder / "plain", budget)]
        if is_workbook(path):
            return sheets_of(path, filename)
        return [
            entry_of(entry, folder / f"plain{number or ''}", budget)
            for number, entry in enumerate(unzip(path))
        ]
    except Refused as refused:
        raise named(refused, filename) from None


def entry_of(entry: Opened, target: Path, budget: Budget) -> Plain:
    """Give a file of a zip; it may itself be packed with gzip, but not again with zip."""
    packed = target.with_suffix(".entry")
    scan = write_out(entry, packed, budget)
    try:
        plain = one_file(packed, entry.name, target, budget, scan)
    except Refused as refused:
        raise named(refused, entry.name) from None
    if plain.path != packed:
        packed.unlink()
    return plain


def one_file(
    path: Path, name: str, target: Path, budget: Budget, scan: Scan | None = None
) -> Plain:
    """Give one file, packed or not, as text or as a table. `scan`: of a text looked at before."""
    opened = open_packed(path, name, head_of(path))
    if opened is not None:
        scan = write_out(opened, target, budget)
        path, name = target, opened.name
    head = head_of(path)
    for problem in foreign(head, name):
        raise problem
    if head.startswith(PARQUET):
        return parquet_file(path, name, target.with_suffix(".table"))
    return text_file(path, name, target.with_suffix(".lines"), scan or scan_file(path))


def text_file(path: Path, name: str, target: Path, scan: Scan) -> Plain:
    for problem in scan.problems(name):
        raise problem
    if scan.has_mixed_line_ends:
        path, scan = one_kind_of_line_end(path, target)
    return Plain(path, name, scan.size, scan.lines, head_of(path))


def parquet_file(path: Path, name: str, target: Path) -> Plain:
    typed = parquet_table(path, target)
    return Plain(target, name, target.stat().st_size, typed.lines, head_of_table(typed), typed)


def is_workbook(path: Path) -> bool:
    """Say whether a zip is a workbook. Raises Refused for other office files."""
    with open_zip(path) as archive:
        names = set(archive.namelist())
    if names & OTHER_OFFICE:
        raise unsupported_workbook("an office document that is no .xlsx workbook")
    return bool(names & WORKBOOK)


def sheets_of(path: Path, filename: str) -> list[Plain]:
    """Give the sheets of a workbook that have a header; their rows are not read yet."""
    found = sheets(path)
    if not found:
        raise refuse(
            "no_rows", "No sheet of the workbook holds anything.",
            expected="a sheet with a header and at least one row", fix="Export it again.",
        )  # fmt: skip
    return [
        Plain(path, f"{filename}, sheet {sheet.kind}", 0, 0, head_of_table(sheet), sheet)
        for sheet in found
    ]


def open_packed(path: Path, filename: str, head: bytes) -> Opened | None:
    """Open a gzip or zstd file for streaming; None when the bytes are not packed so."""
    if head.startswith(GZIP):
        return Opened(without_suffix(filename, ".gz"), gunzip(path))
    if head.startswith(ZSTD):
        return Opened(without_suffix(filename, ".zst"), unzstd(path))
    return None


def foreign(head: bytes, name: str) -> Iterator[Refused]:
    """Refuse what its first bytes show to be neither UTF-8 text nor Parquet."""
    if head.startswith(PACKED):
        yield refuse(
            "nested_archive", "The archive holds another archive.", file=name,
            expected="a text file inside the archive", fix="Unpack it once and upload the result.",
        )  # fmt: skip
    for magic, kind in UNSUPPORTED.items():
        if head.startswith(magic):
            yield refuse(
                "unsupported_archive", f"The file is packed with {kind}, which is not read.",
                file=name, found=kind, expected="plain text, gzip, zip or zstd",
                fix="Unpack it, or pack it with gzip.",
            )  # fmt: skip
    if head.startswith(OLD_OFFICE):
        yield unsupported_workbook("an old .xls file, or a workbook with a password", name)
    start = head[:512].lstrip().lower()
    kinds = [kind for magic, kind in NOT_TEXT.items() if head.startswith(magic)]
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        kinds = ["a web page"]
    for kind in kinds:
        yield refuse(
            "not_csv", f"The file is {kind}, not a table in text form.", file=name, found=kind,
            expected="a CSV or JSON file", fix="Export the data as CSV and upload that.",
        )  # fmt: skip
    for mark, encoding in WIDE.items():
        if head.startswith(mark):
            yield refuse(
                "encoding", f"The file is written in {encoding}.", file=name, line=1,
                found=encoding, expected="UTF-8", fix="Save it as CSV UTF-8.",
            )  # fmt: skip


def unsupported_workbook(found: str, name: str = "") -> Refused:
    return refuse(
        "unsupported_workbook", "The workbook is of a kind that is not read.", file=name,
        found=found, expected=".xlsx without a password",
        fix="Save it as .xlsx, or the sheet as CSV UTF-8.",
    )  # fmt: skip


def write_out(opened: Opened, target: Path, budget: Budget) -> Scan | None:
    """Write the unpacked bytes, counting. What begins as text is looked at on the way."""
    blocks = iter(opened.blocks)
    first = next(blocks, b"")
    scan = None if first.startswith((*PACKED, *PARQUET)) else Scan()
    with target.open("wb") as out:
        for block in chain([first] if first else [], blocks):
            budget.take(block, opened.name)
            if scan:
                scan.feed(block)
            out.write(block)
    return scan


def scan_file(path: Path) -> Scan:
    scan = Scan()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            scan.feed(block)
    return scan


def head_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(HEAD)


def without_suffix(filename: str, suffix: str) -> str:
    return filename[: -len(suffix)] if filename.lower().endswith(suffix) else filename


def named(refused: Refused, filename: str) -> Refused:
    """Put the file's name on problems that were found before it was known."""
    for problem in refused.problems:
        problem["file"] = problem["file"] or filename
    return refused
