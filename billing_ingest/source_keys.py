"""The key of a source: it stands in addresses and in exports for good."""

from django.utils.text import slugify

from finops.ledger.models import Source


def free_key(name: str, slug: str) -> str:
    """Return a key nobody has, from the name."""
    stem = slugify(name)[:60] or slug
    taken = set(Source.objects.filter(key__startswith=stem).values_list("key", flat=True))
    keys = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
    return next(key for key in keys if key not in taken)
