"""Seats and the names that vendors give: merged by natural key, never deleted.

A delivery says the newest of each; what it does not mention stays as it was said last.
"""

from datetime import UTC, datetime
from typing import Any

from billing_ingest.check import check_zones, given, is_bad, list_problems, zone_bits
from billing_ingest.connector import Mapping
from billing_ingest.engine import name
from billing_ingest.parts import Found
from billing_ingest.pipe import Progress
from billing_ingest.read import Reading
from billing_ingest.refusal import Problem, Refused, problem
from billing_ingest.tables import Column
from finops.ledger.models import Import, Seat, VendorName

# Table -> the columns that name a row of it, besides its source.
NATURAL_KEYS = {
    "seat": ("vendor", "plan", "holder", "assigned_from"),
    "vendor_name": ("kind", "external_id"),
}
MODELS: dict[str, Any] = {"seat": Seat, "vendor_name": VendorName}
CASTS = {
    "day": "nullif({0}, '')::DATE", "timestamp": "utc({0})",
    "amount": "nullif({0}, '')::DECIMAL(38, 24)",
}  # fmt: skip


class Merged:
    """The rows of one file for a table that is merged by its natural key."""

    def __init__(self, reading: Reading, mapping: Mapping) -> None:
        self.reading = reading
        self.mapping = mapping
        reading.map(mapping)
        self.table: str = mapping.table
        self.columns = given(mapping.table, reading.mapped_columns())
        self.key = NATURAL_KEYS[mapping.table]

    def examine(self) -> Found:
        """Read the whole file and judge every value."""
        records, bad, zones = self.reading.run(
            f"SELECT count(*), count(*) FILTER ({is_bad(self.columns)}), "
            f"bit_or({zone_bits(self.columns)}) FROM mapped"
        )[0]
        if records and not bad:
            self.refuse_conflicts()
        return Found(records, bad, zones or 0)

    def refuse_conflicts(self) -> None:
        """Raise Refused when two lines name one row and say different things of it."""
        keys = ", ".join(self.cast(c) for c in self.columns if c.name in self.key)
        said = ", ".join(self.cast(c) for c in self.columns)
        rows = self.reading.run(
            f"SELECT min(line), max(line) FROM mapped GROUP BY {keys} "
            f"HAVING count(DISTINCT row({said})) > 1 ORDER BY 1"
        )
        if rows:
            raise Refused([self.conflict(*lines) for lines in rows])

    def conflict(self, first: int, last: int) -> Problem:
        file, place = self.reading.place(last)
        before = self.reading.said(first)
        return problem(
            "conflicting_rows", f"Line {place} names what {before} names and says something else.",
            file=file, line=place, expected="one line for each",
            fix="Keep the line that is right.",
        )  # fmt: skip

    def cast(self, column: Column) -> str:
        value = f"mapped.{name(column.name)}"
        return CASTS.get(column.type, "coalesce({0}, '')").format(value)

    def refusal(self, found: Found) -> Exception:
        return list_problems(self.reading, self.columns, found.bad_rows)

    def check_zones(self, found: Found) -> None:
        check_zones(self.reading, self.columns, found.zones)

    def write(self, imp: Import, progress: Progress) -> None:
        """Merge the rows into the books, inside the open transaction."""
        self.reading.map(self.mapping)  # another table of the file may have been mapped since
        names = [column.name for column in self.columns]
        select = ", ".join(f"{self.cast(c)} AS {name(c.name)}" for c in self.columns)
        rows = self.reading.run(f"SELECT DISTINCT {select} FROM mapped ORDER BY ALL")
        rows = [tuple(in_utc(value) for value in row) for row in rows]
        model = MODELS[self.table]
        # Columns that the file does not have keep what was said before.
        changed = [n for n in names if n not in self.key] + ["imp"]
        model.objects.bulk_create(
            [model(source=imp.source, imp=imp, **dict(zip(names, row, strict=True))) for row in rows],
            update_conflicts=True, unique_fields=["source", *self.key], update_fields=changed,
            batch_size=2000,
        )  # fmt: skip
        progress(len(rows))


def in_utc(value: object) -> object:
    """Name the zone of a moment: DuckDB gives it without."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
