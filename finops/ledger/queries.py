"""Read the facts: the vendor's own line behind a charge, from the archive."""

from finops.ledger.models import Import
from finops.ledger.raw import UNREADABLE, TooLargeError, record_at, unpacked
from finops.outside import archive


def raw_line(import_id: int, line: int) -> str:
    """Return a line of an import as the vendor wrote it; empty when it cannot be read any more."""
    imp = Import.objects.filter(pk=import_id).only("sha256").first()
    if imp is None or line < 1:
        return ""
    try:
        with archive.open_raw(imp.sha256) as raw, unpacked(raw) as text:
            return record_at(text, line)
    except (archive.DamagedError, TooLargeError, *UNREADABLE):
        return ""
