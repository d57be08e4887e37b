"""Read the facts: the vendor's own line behind a charge, from the archive."""

from contextlib import closing

from finops.ledger.delivered import UNREADABLE, parts_of
from finops.ledger.models import Import
from finops.ledger.raw import TooLargeError, record_at
from finops.outside import archive


def raw_line(import_id: int, line: int) -> str:
    """Return a line of an import as the vendor wrote it; empty when it cannot be read any more."""
    imp = Import.objects.filter(pk=import_id).only("sha256", "preview").first()
    if imp is None or line < 1:
        return ""
    try:
        with (
            archive.local_copy(imp.sha256) as path,
            closing(parts_of(path, imp.preview.get("sheets", ()), "replace")) as parts,
        ):
            return record_at(parts, line)
    except (archive.DamagedError, TooLargeError, *UNREADABLE):
        return ""
