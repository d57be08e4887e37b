"""gzip, zip and zstd as streams of blocks; what is wrong with an archive is said by name."""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import zstandard

from billing_ingest.refusal import Refused, refuse

BLOCK = 1024 * 1024
PACKED_BLOCK = 64 * 1024
ENTRIES_MAX = 1000
ENTRY_MIN, ENTRY_MAX = 46, 8192  # bytes of an entry in the table of contents, mostly its name
END_MAX = 22 + 0xFFFF  # bytes of the end of a zip, which may hold a comment
ENCRYPTED = 0x1
CONNECTION_LOST = "Fetch or export the file again: it did not arrive whole."
DAMAGED = "Fetch or export the file again: it was damaged on the way."


@dataclass(frozen=True)
class Opened:
    """A file of an archive: its name and its content, decompressed while it is read."""

    name: str
    blocks: Iterator[bytes]


def gunzip(path: Path) -> Iterator[bytes]:
    """Yield the content of all members of a gzip file; checksums are checked."""
    with path.open("rb") as stream:
        member = zlib.decompressobj(31)
        pending = b""
        while packed := pending or stream.read(PACKED_BLOCK):
            try:
                block = member.decompress(packed, BLOCK)
            except zlib.error as error:
                raise refuse(
                    "corrupt_archive", f"The gzip file is damaged: {error}.", fix=DAMAGED
                ) from None
            if block:
                yield block
            pending = member.unconsumed_tail
            if member.eof:
                rest = member.unused_data or stream.read(PACKED_BLOCK)
                if not rest:
                    return
                if not rest.startswith(b"\x1f"):
                    raise refuse(
                        "corrupt_archive", "Something else follows the end of the gzip data.",
                        found=repr(rest[:20]), fix=DAMAGED,
                    )  # fmt: skip
                member, pending = zlib.decompressobj(31), rest
        if block := member.flush():
            yield block
        if not member.eof:
            raise refuse("truncated_archive", "The gzip file ends too early.", fix=CONNECTION_LOST)


def unzstd(path: Path) -> Iterator[bytes]:
    """Yield the content of all frames of a zstd file."""
    with path.open("rb") as stream:
        frame = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
        is_open = False
        while packed := stream.read(PACKED_BLOCK):
            while packed:
                if frame.eof:
                    frame = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
                try:
                    block = frame.decompress(packed)
                except zstandard.ZstdError as error:
                    raise refuse(
                        "corrupt_archive", f"The zstd file is damaged: {error}.", fix=DAMAGED
                    ) from None
                if block:
                    yield block
                packed = frame.unused_data if frame.eof else b""
                is_open = not frame.eof
        if is_open:
            raise refuse("truncated_archive", "The zstd file ends too early.", fix=CONNECTION_LOST)


def unzip(path: Path) -> list[Opened]:
    """Open a zip archive; its files are in the order of its table of contents. Raises Refused."""
    archive = open_zip(path)
    files = [entry for entry in archive.infolist() if is_content(entry)]
    for entry in files:
        check_entry(entry)
    if not files:
        raise refuse("no_rows", "The zip file is empty.", fix="Export the data again.")
    packed, size = sum(entry.compress_size for entry in files), path.stat().st_size
    if packed > size:
        raise refuse(
            "archive_ratio", "The files in the zip overlap.", found=f"{packed} bytes in {size}",
            expected="files side by side", fix="Pack the files again.",
        )  # fmt: skip
    return [Opened(entry.filename, read_entry(archive, entry)) for entry in files]


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip archive of not too many files. Raises Refused."""
    try:
        refuse_many(count_entries(path))
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, EOFError, ValueError, OSError, struct.error):
        raise refuse(
            "truncated_archive", "The zip file has no readable table of contents.",
            fix=CONNECTION_LOST,
        ) from None  # fmt: skip
    refuse_many(len(archive.infolist()))
    return archive


def refuse_many(count: int) -> None:
    if count > ENTRIES_MAX:
        raise refuse(
            "too_many_files", "The zip file holds too many files.", found=str(count),
            expected=f"at most {ENTRIES_MAX} files", fix="Upload fewer files at once.",
        )  # fmt: skip


def count_entries(path: Path) -> int:
    """Return how many files a zip says it holds, without reading its table of contents.

    A table that is far too long for that many is counted by its length.
    """
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        start = stream.seek(max(0, size - END_MAX))
        tail = stream.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or at + 22 > len(tail):
            raise ValueError("no end of a zip file")
        entries, length = struct.unpack("<HI", tail[at + 10 : at + 16])
        if 0xFFFF in (entries, length >> 16) and tail[at - 20 : at - 16] == b"PK\x06\x07":
            (place,) = struct.unpack("<Q", tail[at - 12 : at - 4])
            stream.seek(min(place, start + at))
            entries, length = struct.unpack("<QQ", stream.read(56)[32:48])
    return int(entries if length <= ENTRIES_MAX * ENTRY_MAX else max(entries, length // ENTRY_MIN))


def is_content(entry: zipfile.ZipInfo) -> bool:
    """Leave out folders and what file managers add by themselves."""
    path = PurePosixPath(entry.filename)
    return not (entry.is_dir() or "__MACOSX" in path.parts or path.name == ".DS_Store")


def check_entry(entry: zipfile.ZipInfo) -> None:
    """Refuse an entry that is not a plain file with a plain name."""
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise refuse(
            "bad_entry_path", "A name in the zip file leads out of it.", found=entry.filename,
            expected="a plain file name", fix="Pack the file again without its folders.",
        )  # fmt: skip
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise refuse(
            "bad_entry_type", "The zip file holds a link or a device.", found=entry.filename,
            expected="a plain file", fix="Pack the file itself.",
        )  # fmt: skip
    if entry.flag_bits & ENCRYPTED:
        raise refuse(
            "encrypted_archive", "The zip file asks for a password.", found=entry.filename,
            expected="an archive without a password", fix="Unpack it and upload the file.",
        )  # fmt: skip


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the entry's content; its checksum is checked at the end."""
    try:
        with archive.open(entry) as stream:
            while block := stream.read(BLOCK):
                yield block
    except NotImplementedError:
        raise refuse(
            "unsupported_archive", "The zip file uses a packing method that is not read.",
            file=entry.filename, fix="Pack it with gzip.",
        ) from None  # fmt: skip
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise damaged(entry, error) from None


def damaged(entry: zipfile.ZipInfo, error: Exception) -> Refused:
    return refuse(
        "corrupt_archive", f"The zip file is damaged: {error}.", file=entry.filename, fix=DAMAGED
    )
