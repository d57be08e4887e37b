"""The books against the vendors' own files: nothing lost and nothing added on the way in."""

import hashlib
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from finops.attribution.verify.reading import EXACT, UnreadableError, reader_for, sums_of
from finops.attribution.verify.violation import Violation, differ
from finops.ledger.models import Import
from finops.outside import archive


def imports_equal_their_files(unread: list[str]) -> Iterator[Violation]:
    """The sum of a loaded file, per currency, is what we booked plus what is out of scope.

    The names of bills of a kind that no reader here knows are appended to `unread`.
    """
    loaded = Import.objects.filter(state=Import.State.LOADED).select_related("source")
    for imp in loaded.order_by("id").iterator():
        reader = reader_for(imp.source.connector, imp.document)
        if reader is None:
            if imp.slices.filter(table="charge").exists():
                unread.append(name_of(imp))
            continue
        try:
            with archive.local_copy(imp.sha256) as path, path.open("rb") as raw:
                found = hashlib.file_digest(raw, "sha256").hexdigest()
                sums = sums_of(path, reader)
        except (UnreadableError, archive.DamagedError, OSError) as error:
            yield differ("import_file", "the archived file cannot be read", name_of(imp), "", error)
            continue
        if found != imp.sha256:
            what = "the archived file is not the one that was loaded"
            yield differ("import_file", what, name_of(imp), imp.sha256, found)
        yield from _compare(imp, sums.totals)


def _compare(imp: Import, in_file: dict[str, Decimal]) -> Iterator[Violation]:
    for currency in sorted(in_file.keys() | imp.totals.keys() | imp.out_of_scope.keys()):
        try:
            booked = Decimal(imp.totals.get(currency, "0"))
            left_out = Decimal(imp.out_of_scope.get(currency, "0"))
        except InvalidOperation:
            continue  # slices_hold_their_totals names it
        found = EXACT.add(booked, left_out)
        if found != in_file.get(currency, Decimal(0)):
            what = "booked plus out of scope is not the sum of the file"
            where = f"{name_of(imp)} {currency}"
            yield differ("import_total", what, where, in_file.get(currency, Decimal(0)), found)


def name_of(imp: Import) -> str:
    return f"import {imp.pk} ({imp.source.key}, {imp.filename})"
