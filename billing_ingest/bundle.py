"""Several files of one delivery as one file: the parts of a manifest are one import.

The zip is not packed a second time, and the same parts make the same bytes, so that a delivery
that came before is known again.
"""

import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

BLOCK = 1024 * 1024
LARGE = 2**31 - 1  # from here on the sizes of an entry need the longer form of zip
PLAIN_FILE = 0o100644 << 16


def bundle(files: Iterable[tuple[str, bytes | Path]], target: Path) -> Path:
    """Write the files, in their order, into an uncompressed zip and return `target`.

    Each is copied block by block. Raises ValueError for a name that comes twice or leads out
    of the zip.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            add(archive, name, content)
    return target


def add(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> None:
    if name in archive.NameToInfo or name.startswith("/") or ".." in name.split("/"):
        raise ValueError(f"{name!r} cannot be the name of a part")
    entry = zipfile.ZipInfo(name)  # dated 1980: when it was written says nothing
    entry.external_attr = PLAIN_FILE
    if isinstance(content, bytes):
        archive.writestr(entry, content)
        return
    is_large = content.stat().st_size > LARGE
    with content.open("rb") as source, archive.open(entry, "w", force_zip64=is_large) as part:
        shutil.copyfileobj(source, part, BLOCK)
