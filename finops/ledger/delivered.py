"""The parts of an archived file as text, read by libraries that the loader does not use.

A zip is its files in the order of its table of contents, a workbook the sheets that were read,
anything else is one part. A Parquet file or a sheet comes as CSV whose first column, `_line`, is
the number of the row.
"""

import gzip
import io
import shutil
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import zstandard

from finops.outside import apart, archive

GZIP, ZIP, ZSTD, PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"PAR1"
WORKBOOK = "xl/workbook.xml"
AS_CSV = Path(__file__).parent / "apart" / "as_csv.py"
LEAST_SECONDS, BYTES_A_SECOND = 120, 100_000
UNREADABLE = (
    OSError, EOFError, zlib.error, zipfile.BadZipFile, zstandard.ZstdError, apart.Failed,
)  # fmt: skip
Opener = Callable[[], IO[bytes]]


@dataclass(frozen=True)
class Part:
    """One part of a delivery; `text` is read once, from its beginning."""

    text: IO[str]
    is_table: bool = False


def parts_of(
    path: Path, sheets: Sequence[str] = (), errors: str = "strict"
) -> Generator[Part, None, None]:
    """Yield the parts one after another. Raises one of UNREADABLE.

    `sheets` are those of a workbook that count; `errors` is what to do with bytes that are no
    UTF-8.
    """
    with path.open("rb") as raw:
        is_zip = raw.read(4) == ZIP
    if not is_zip:
        yield from part_of(lambda: path.open("rb"), errors, path)
        return
    with zipfile.ZipFile(path) as packed:
        if WORKBOOK in packed.namelist():
            for sheet in sheets:
                with as_csv(path, sheet) as text:
                    yield Part(text, is_table=True)
            return
        for entry in packed.infolist():
            if not entry.is_dir() and "__MACOSX" not in entry.filename:
                yield from part_of(opener(packed, entry), errors)


def opener(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Opener:
    return lambda: packed.open(entry)


def part_of(opened: Opener, errors: str, path: Path | None = None) -> Iterator[Part]:
    """Yield the file, unpacked: as it is, or as CSV when it is Parquet. `path`: where it lies."""
    head = head_of(opened)
    if path and head.startswith(PARQUET):
        with as_csv(path) as text:
            yield Part(text, is_table=True)
        return
    if head.startswith(GZIP):
        opened = gunzip(opened)
        head = head_of(opened)
    elif head.startswith(ZSTD):
        opened = unzstd(opened)
        head = head_of(opened)
    if not head.startswith(PARQUET):
        with opened() as plain, io.TextIOWrapper(plain, "utf-8-sig", errors, newline="") as text:
            yield Part(text)
        return
    with archive.scratch_folder() as folder:
        with opened() as plain, (folder / "table").open("wb") as target:
            shutil.copyfileobj(plain, target, 1024 * 1024)
        with as_csv(folder / "table") as text:
            yield Part(text, is_table=True)


def head_of(opened: Opener) -> bytes:
    with opened() as stream:
        return stream.read(4)


def gunzip(packed: Opener) -> Opener:
    return lambda: cast("IO[bytes]", gzip.GzipFile(fileobj=packed()))


def unzstd(packed: Opener) -> Opener:
    def plain() -> IO[bytes]:
        frames: Any = zstandard.ZstdDecompressor(max_window_size=2**27)
        reader = frames.stream_reader(packed(), read_across_frames=True)
        return cast("IO[bytes]", io.BufferedReader(reader))

    return plain


@contextmanager
def as_csv(path: Path, *sheet: str) -> Iterator[IO[str]]:
    """Read a Parquet file or a sheet as CSV text. Raises apart.Failed when it cannot be read."""
    seconds = LEAST_SECONDS + path.stat().st_size // BYTES_A_SECOND
    with apart.printing(AS_CSV, [str(path), *sheet], apart.Limits(seconds=seconds)) as output:
        text = io.TextIOWrapper(cast("Any", output), "utf-8", newline="")
        yield text
        text.detach()  # left open: whether there is more to come is asked next
