"""The books against the vendors' own files: nothing lost and nothing added on the way in."""

import hashlib
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from django.db import connection

from finops.attribution.verify.readers import reader_for
from finops.attribution.verify.reading import EXACT, FileSums, UnreadableError, sums_of
from finops.attribution.verify.violation import Violation, differ, rows_that_differ
from finops.ledger.models import Import, Unit
from finops.outside import archive

LEFT_OUT = "rows_left_out"  # in Import.preview: rows that are out of scope or repeat a request
# Of the slices an import brought, and of the equal ones that stood already when it came.
COLUMNS = (
    "requests", "failed_requests", "retried_requests", "empty_requests", "input_tokens",
    "cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens", "quantity",
)  # fmt: skip
MEASURED = f"""
SELECT {", ".join(f"sum(u.{column})" for column in COLUMNS)}
FROM ledger_usage u
WHERE u.slice_id = ANY(%s) AND u.occurred_on BETWEEN %s AND %s
"""


def imports_equal_their_files(unread: list[str]) -> Iterator[Violation]:
    """A loaded file, read again: its money, its rows and its measures are what we booked.

    The names of files of a kind that no reader here knows are appended to `unread`.
    """
    loaded = Import.objects.filter(state=Import.State.LOADED).select_related("source")
    units = {name: unit.code for unit in Unit.objects.all() for name in unit.names}
    for imp in loaded.order_by("id").iterator():
        reader = reader_for(imp.source.connector, imp.document)
        if reader is None:
            unread.append(name_of(imp))
            continue
        try:
            with archive.local_copy(imp.sha256) as path, path.open("rb") as raw:
                found = hashlib.file_digest(raw, "sha256").hexdigest()
                sums = sums_of(path, reader, imp.preview.get("sheets", ()))
        except (UnreadableError, archive.DamagedError, OSError) as error:
            yield differ("import_file", "the archived file cannot be read", name_of(imp), "", error)
            continue
        if found != imp.sha256:
            what = "the archived file is not the one that was loaded"
            yield differ("import_file", what, name_of(imp), imp.sha256, found)
        yield from _money(imp, by_code(sums.totals, units))
        yield from _rows(imp, sums)
        yield from _measures(imp, sums)


def only_loaded_imports_book() -> Iterator[Violation]:
    """What was refused booked nothing, and what was loaded has no refused row."""
    yield from rows_that_differ(
        "import_state",
        "an import is booked though its state says otherwise",
        """
        SELECT format('import %s (%s), %s', i.id, i.filename, i.state), 0::bigint, count(*)
        FROM ledger_import i JOIN ledger_slice s ON s.import_id = i.id
        WHERE i.state NOT IN ('loaded', 'undone') OR (i.state = 'undone' AND s.superseded_at IS NULL)
        GROUP BY i.id
        """,
    )
    yield from rows_that_differ(
        "import_errors",
        "an import was loaded with refused rows",
        """
        SELECT format('import %s (%s)', id, filename), 0::bigint,
               jsonb_array_length(errors)::bigint
        FROM ledger_import WHERE state = 'loaded' AND jsonb_array_length(errors) > 0
        """,
    )


def by_code(in_file: dict[str, Decimal], units: dict[str, str]) -> dict[str, Decimal]:
    """Return the sums by the code of a registered unit where the file wrote one of its names."""
    found: dict[str, Decimal] = {}
    for written, amount in in_file.items():
        code = units.get(written.lower(), written)
        found[code] = EXACT.add(found.get(code, Decimal(0)), amount)
    return found


def _money(imp: Import, in_file: dict[str, Decimal]) -> Iterator[Violation]:
    for currency in sorted(in_file.keys() | imp.totals.keys() | imp.out_of_scope.keys()):
        try:
            booked = Decimal(imp.totals.get(currency, "0"))
            left_out = Decimal(imp.out_of_scope.get(currency, "0"))
        except InvalidOperation:
            continue  # slices_hold_their_charges names it
        found = EXACT.add(booked, left_out)
        if found != in_file.get(currency, Decimal(0)):
            what = "booked plus out of scope is not the sum of the file"
            where = f"{name_of(imp)} {currency}"
            yield differ("import_total", what, where, in_file.get(currency, Decimal(0)), found)


def _rows(imp: Import, in_file: FileSums) -> Iterator[Violation]:
    """Every row of the file is booked, or left out for a reason that the file itself shows."""
    left_out = int(imp.preview.get(LEFT_OUT, 0))
    if imp.rows + left_out != in_file.rows:
        what = "rows booked plus rows left out are not the rows of the file"
        yield differ("import_rows", what, name_of(imp), in_file.rows, imp.rows + left_out)
    if left_out < in_file.repeats:
        what = "requests that the file repeats are counted more than once"
        yield differ("import_repeats", what, name_of(imp), in_file.repeats, left_out)
    if in_file.totals and imp.scope == "all" and left_out:
        what = "rows of a bill are left out though all of it is in scope"
        yield differ("import_rows", what, name_of(imp), 0, left_out)


def _measures(imp: Import, in_file: FileSums) -> Iterator[Violation]:
    """A log of which every row counts has in the books what it measures, column by column."""
    if not in_file.measures or imp.preview.get(LEFT_OUT, 0):
        return
    kept = [*imp.preview.get("unchanged_slices", []), *imp.slices.values_list("id", flat=True)]
    days = (imp.period_start or "-infinity", imp.period_end or "infinity")
    with connection.cursor() as cursor:
        cursor.execute(MEASURED, [kept, *days])
        booked = dict(zip(COLUMNS, cursor.fetchone(), strict=True))
    for column, expected in in_file.measures.items():
        found = booked[column] or Decimal(0)
        if found != expected:
            what = "the books hold another sum than the log"
            yield differ("import_measures", what, f"{name_of(imp)} {column}", expected, found)


def name_of(imp: Import) -> str:
    return f"import {imp.pk} ({imp.source.key}, {imp.filename})"
