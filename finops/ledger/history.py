"""What was loaded, newest first."""

from finops.ledger.models import Import


def imports_before(import_id: int | None, *, limit: int) -> list[Import]:
    """Return the newest imports, or those older than `import_id`, with their sources."""
    found = Import.objects.select_related("source").order_by("-id")
    if import_id is not None:
        found = found.filter(id__lt=import_id)
    return list(found[:limit])
