"""Raw bytes as they came, kept under their sha256, in a folder or in S3.

What is stored is never changed: the same bytes are the same address.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from finops.outside import files

BLOCK = 1024 * 1024
UNLOCKED_SECONDS = 10  # a folder this young may be about to be locked


class TooLargeError(Exception):
    """More bytes than we take."""


class DamagedError(Exception):
    """What is stored under a sha256 no longer has it."""


@dataclass(frozen=True)
class Stored:
    """What was put in: its name in the archive and its size."""

    sha256: str
    size_bytes: int


def put(content: BinaryIO | Path | bytes, bytes_max: int | None = None) -> Stored:
    """Store the bytes, unless they are there already. Raises TooLargeError above bytes_max."""
    if isinstance(content, Path):
        with content.open("rb") as stream:
            return put(stream, bytes_max)
    with scratch_folder() as folder:
        draft = folder / "draft"
        stored = write_draft(content, draft, bytes_max)
        if not files.exists(address_of(stored.sha256)):
            files.store(draft, address_of(stored.sha256))
    return stored


def write_draft(content: BinaryIO | bytes, draft: Path, bytes_max: int | None) -> Stored:
    digest = hashlib.sha256()
    size = 0
    with draft.open("wb") as target:
        for block in blocks_of(content):
            size += len(block)
            if bytes_max is not None and size > bytes_max:
                raise TooLargeError(f"more than {bytes_max} bytes")
            digest.update(block)
            target.write(block)
    return Stored(digest.hexdigest(), size)


def blocks_of(content: BinaryIO | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    while block := content.read(BLOCK):
        yield block


@contextmanager
def local_copy(sha256: str) -> Iterator[Path]:
    """Give the stored bytes as a file to read, not to write.

    Raises FileNotFoundError when nothing is stored and DamagedError when S3 gave other bytes.
    """
    address = address_of(sha256)
    if not address.startswith(files.S3):
        if not Path(address).is_file():
            raise FileNotFoundError(address)
        yield Path(address)
        return
    with scratch_folder() as folder:
        copy = folder / "copy"
        files.fetch(address, copy)
        with copy.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
                raise DamagedError(address)
        yield copy


@contextmanager
def open_raw(sha256: str) -> Iterator[BinaryIO]:
    """Give the stored bytes as a binary stream. Raises as local_copy does."""
    with local_copy(sha256) as path, path.open("rb") as stream:
        yield stream


def address_of(sha256: str) -> str:
    """Where bytes with this sha256 are kept."""
    return f"{settings.OUTLAY_ARCHIVE.rstrip('/')}/{sha256[:2]}/{sha256}"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give an empty folder on the home's own disk and remove it afterwards.

    It is locked meanwhile. The system ends the lock of a killed process, so a folder without one
    belongs to nobody.
    """
    parent = settings.HOME.make().path / "scratch"
    parent.mkdir(exist_ok=True, mode=0o700)
    sweep_scratch()
    with tempfile.TemporaryDirectory(dir=parent) as folder, locked(Path(folder)):
        yield Path(folder)


def sweep_scratch() -> None:
    """Remove what processes that were killed left behind."""
    for left in scratch_left(time.time() - UNLOCKED_SECONDS):
        with suppress(FileNotFoundError, NotADirectoryError, BlockingIOError), locked(left):
            shutil.rmtree(left, ignore_errors=True)


def scratch_left(before: float) -> Iterator[Path]:
    """Yield what nobody has touched in the scratch folder since this time (seconds since 1970)."""
    parent = settings.HOME.path / "scratch"
    for left in sorted(parent.iterdir()) if parent.is_dir() else ():
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < before:
                yield left


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises BlockingIOError when another process has it."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(held)
