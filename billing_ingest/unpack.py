"""From the delivered bytes to one plain text file: decompressed as a stream, within limits.

What a file is, its first bytes say, never its name. Limits are counted while decompressing,
because what an archive claims about its size proves nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from billing_ingest.archives import Opened, gunzip, unzip, unzstd
from billing_ingest.refusal import Refused, refuse
from billing_ingest.scan import Scan, one_kind_of_line_end

BLOCK = 1024 * 1024
HEAD = 64 * 1024
UNPACKED_MAX = 64 * 1024**3
RATIO_MAX = 200
RATIO_FREE = 64 * 1024 * 1024  # below this size any ratio is harmless

GZIP, ZIP, ZIP_EMPTY, ZSTD = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06", b"\x28\xb5\x2f\xfd"
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
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
}
WIDE = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True)
class Plain:
    """A plain text file with one kind of line end, and how many lines it has."""

    path: Path
    name: str  # as the person knows it: the entry of a zip, else the delivered file
    size: int
    lines: int
    head: bytes  # the first 64 KiB


def unpack(path: Path, filename: str, folder: Path) -> Plain:
    """Give the delivered file as plain text, in `folder` when it had to be rewritten.

    Raises Refused for anything that is not one whole text file.
    """
    head = head_of(path)
    if not head:
        raise refuse("empty_file", "The file is empty.", file=filename, fix="Export it again.")
    try:
        opened = open_archive(path, filename, head)
        plain = path if opened is None else folder / "plain"
        scan = scan_file(path) if opened is None else write_out(opened, plain, path.stat().st_size)
    except Refused as refused:
        raise named(refused, filename) from None
    name = filename if opened is None else opened.name
    head = head_of(plain)
    for problem in (*foreign(head, name), *scan.problems(name)):
        raise problem
    if scan.has_mixed_line_ends:
        plain, scan = one_kind_of_line_end(plain, folder / "lines")
    return Plain(plain, name, scan.size, scan.lines, head)


def open_archive(path: Path, filename: str, head: bytes) -> Opened | None:
    """Open the archive for streaming; None when the bytes are not compressed."""
    if head.startswith(GZIP):
        return Opened(without_suffix(filename, ".gz"), gunzip(path))
    if head.startswith(ZSTD):
        return Opened(without_suffix(filename, ".zst"), unzstd(path))
    if head.startswith((ZIP, ZIP_EMPTY)):
        return unzip(path)
    for problem in foreign(head, filename):
        raise problem
    return None


def foreign(head: bytes, name: str) -> Iterator[Refused]:
    """Refuse what its first bytes show not to be UTF-8 text; an archive in here is one too many."""
    if head.startswith((GZIP, ZIP, ZSTD)):
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


def write_out(opened: Opened, target: Path, packed_size: int) -> Scan:
    """Write the decompressed bytes, counting: ratio and size end a bomb early."""
    scan = Scan()
    with target.open("wb") as out:
        for block in opened.blocks:
            scan.feed(block)
            if scan.size > UNPACKED_MAX or (
                scan.size > RATIO_FREE and scan.size > RATIO_MAX * max(packed_size, 1)
            ):
                raise refuse(
                    "archive_ratio", "The archive unpacks to far more than it should.",
                    file=opened.name, found=f"over {scan.size} bytes from {packed_size}",
                    expected=f"at most {RATIO_MAX} times its packed size",
                    fix="Check the archive; upload the data in smaller files.",
                )  # fmt: skip
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
