"""A whole file, all its tables: read and judged, nothing booked."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol

from billing_ingest.charges import Charges
from billing_ingest.connector import Mapping
from billing_ingest.dates import settle_date_order
from billing_ingest.invoices import Invoices
from billing_ingest.lines import no_rows
from billing_ingest.merged import NATURAL_KEYS, Merged
from billing_ingest.parts import Found, Totals, sum_of
from billing_ingest.people_rows import People
from billing_ingest.pipe import Progress
from billing_ingest.rates import Rates
from billing_ingest.read import Reading
from billing_ingest.refusal import Refused
from billing_ingest.usages import Usages
from billing_ingest.work_items import WorkItems
from finops.ledger.models import Import, Source


class Part(Protocol):
    """One table of a delivery."""

    table: str

    def examine(self) -> Found: ...
    def refusal(self, found: Found) -> Exception: ...
    def check_zones(self, found: Found) -> None: ...


class Sliced(Part, Protocol):
    """A table whose rows are replaced slice by slice: charges, usage."""

    def months(self, keys: Dict[str, int]) -> list[date]: ...
    def write(self, keys: Dict[str, int], progress: Progress) -> None: ...


class Upserted(Part, Protocol):
    """A table whose rows are merged by their natural key: work items, people, invoices."""

    def write(self, imp: Import, progress: Progress) -> None: ...


@dataclass
class Delivered:
    """What a file holds. `found` goes with `sliced`, one by one."""

    sliced: list[Sliced] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    upserted: list[Upserted] = field(default_factory=list)
    upserted_rows: int = 0
    merged_days: tuple[date | None, date | None] = (None, None)
    warnings: list[dict[str, str]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(found.rows for found in self.found) + self.upserted_rows

    @property
    def rows_out_of_scope(self) -> int:
        return sum(found.rows_out_of_scope for found in self.found)

    @property
    def same_lines(self) -> int:
        return sum(found.same_lines for found in self.found)

    @property
    def totals(self) -> Totals:
        return sum_of(found.totals for found in self.found)

    @property
    def out_of_scope(self) -> Totals:
        return sum_of(found.out_of_scope for found in self.found)

    @property
    def period(self) -> tuple[date | None, date | None]:
        """The days the facts cover, half-open; a bill's are its billing periods."""
        groups = [group for found in self.found for group in found.groups]
        if not groups:
            first, last = self.merged_days
            return first, last + timedelta(days=1) if last else None
        return min(g.period[0] for g in groups), max(g.period[1] for g in groups)


def examine(reading: Reading, object_key: str, scope: str, source: Source) -> Delivered:
    """Read every table of the file. Raises Refused."""
    delivered = Delivered(warnings=list(reading.warnings))
    records = 0
    for mapping in reading.document.mappings:
        if mapping.replaces == "upsert":
            merged = merged_part(reading, mapping)
            found = examine_part(reading, merged)
            delivered.upserted.append(merged)
            delivered.upserted_rows += found.records
            delivered.merged_days = (found.first_day, found.last_day)
        else:
            part = sliced_part(reading, mapping, object_key, scope, source)
            found = examine_part(reading, part)
            delivered.sliced.append(part)
            delivered.found.append(found)
        delivered.warnings += found.warnings
        records += found.records
    if not records:
        raise Refused([no_rows(reading.filename)])
    return delivered


def merged_part(reading: Reading, mapping: Mapping) -> Upserted:
    if mapping.table == "person":
        return People(reading, mapping)
    if mapping.table == "invoice":
        return Invoices(reading, mapping)
    if mapping.table == "fx_rate":
        return Rates(reading, mapping)
    if mapping.table in NATURAL_KEYS:
        return Merged(reading, mapping)
    return WorkItems(reading, mapping)


def sliced_part(
    reading: Reading, mapping: Mapping, object_key: str, scope: str, source: Source
) -> Sliced:
    if mapping.table == "charge":
        return Charges(reading, mapping, object_key, scope)
    return Usages(reading, mapping, object_key, source)


def examine_part(reading: Reading, part: Part) -> Found:
    """Read one table: again when lines or dates turn out to be other than assumed."""
    found = part.examine()
    if reading.lines_moved(found.records):
        found = part.examine()
    if found.bad_rows and settle_date_order(reading):
        found = part.examine()
    part.check_zones(found)
    if found.bad_rows:
        raise part.refusal(found)
    return found
