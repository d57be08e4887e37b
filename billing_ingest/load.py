"""The only way in: archive, read, check, and one transaction that replaces what is replaced.

`receive` keeps the bytes and makes the import; `check` reads it and books nothing; `load` books
it; `undo` takes it back. What is wrong with a file ends on the import, never as an exception.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.utils import timezone

from billing_ingest.connector import Connector
from billing_ingest.currencies import known
from billing_ingest.delivery import Delivered, examine
from billing_ingest.engine import know_currencies
from billing_ingest.parts import SEPARATOR, plain_totals
from billing_ingest.pipe import Progress
from billing_ingest.preview import preview
from billing_ingest.read import Reading, read
from billing_ingest.refusal import Refused, problem, shown
from billing_ingest.registry import connector as connector_of
from billing_ingest.replace import (
    SHRINK_MAX,
    Replacement,
    book_slices,
    feed_name,
    make_partitions,
    plan_replacement,
    take_back,
)
from billing_ingest.requests_seen import KEY, keep_ids
from finops.ledger.models import BillingScope, Import, Slice, Source
from finops.outside import archive

BYTES_MAX = 20 * 1024**3
OPEN_STATES = {
    Import.State.CHECKING, Import.State.READY, Import.State.QUEUED, Import.State.RUNNING,
}  # fmt: skip
LOCK = 0x0C0DE  # first key of the advisory locks that order the loads of a source


class CannotUndoError(Exception):
    """The import brought facts that were merged into others, not slices that can be taken out."""


def receive(
    source: Source,
    filename: str,
    content: BinaryIO | Path | bytes,
    *,
    by: Any = None,
    scope: str | None = None,
    document: str | None = None,
    state: str = Import.State.QUEUED,
) -> Import:
    """Keep the bytes in the archive and make the import. Raises archive.TooLargeError."""
    kind = connector_of(source.connector)
    stored = archive.put(content, BYTES_MAX)
    return Import.objects.create(
        source=source, state=state, filename=plain_name(filename), sha256=stored.sha256,
        size_bytes=stored.size_bytes, document=document or "", scope=scope or kind.default_scope,
        mapping_version=kind.mapping_version, by=by,
    )  # fmt: skip


def default_source(kind: Connector) -> Source:
    """Return the connector's own source, made when there is none yet."""
    source, _ = Source.objects.get_or_create(
        key=kind.slug, defaults={"name": kind.label, "connector": kind.slug}
    )
    return source


def plain_name(filename: str) -> str:
    """Return the last part of a name, safe to show; we never use it as a path."""
    return shown(filename.replace("\\", "/").rsplit("/", 1)[-1].strip())[:200] or "file"


def check(imp: Import) -> None:
    """Read and judge the file, fill in what it holds and would replace. Books nothing."""
    imp.errors, imp.warnings, imp.preview, imp.duplicate_of = [], [], {}, None
    imp.mapping_version = connector_of(imp.source.connector).mapping_version
    try:
        with opened(imp) as reading:
            delivered = examine(reading, object_key(imp), imp.scope, imp.source)
            describe(imp, reading, delivered)
            plans = plan_all(imp.source, delivered)
            imp.preview = preview(reading, delivered, plans, imp)
            imp.warnings += [
                *shrink_warnings(plans),
                *evidence_foreseen(imp.preview),
                *returning(imp),
            ]
            if not close_as_duplicate(imp):
                close_as_unchanged(imp, delivered, plans)
            imp.state = Import.State.READY
    except Refused as refused:
        mark_refused(imp, refused)
    imp.save()


def load(imp: Import, *, allow_shrink: bool = False, progress: Progress | None = None) -> Import:
    """Bring the import to its end: loaded, duplicate, held or refused.

    Everything is booked in one transaction; it may be part of a larger one. An import that has
    ended is returned as it is. Raises only for faults of ours.
    """
    may_load = {*OPEN_STATES, Import.State.HELD} if allow_shrink else OPEN_STATES
    if imp.state not in may_load:
        return imp
    imp.mapping_version = connector_of(imp.source.connector).mapping_version
    imp.errors, imp.warnings, imp.duplicate_of = [], [], None
    with transaction.atomic():
        lock(imp.source)
        try:
            if not close_as_duplicate(imp):
                with opened(imp) as reading:
                    delivered = examine(reading, object_key(imp), imp.scope, imp.source)
                    describe(imp, reading, delivered)
                    book(imp, reading, delivered, allow_shrink, progress or silent)
        except Refused as refused:
            mark_refused(imp, refused)
        imp.finished_at = timezone.now()
        imp.save()
    return imp


def silent(rows: int) -> None:
    """Tell nobody how far the load is."""


def undo(imp: Import, *, by: Any) -> None:
    """Take a loaded import back; what it had replaced counts again. Raises CannotUndoError."""
    with transaction.atomic():
        lock(imp.source)
        imp.refresh_from_db()
        if imp.state != Import.State.LOADED or not imp.slices.exists():
            raise CannotUndoError("Only an import of charges or usage can be taken back.")
        take_back(imp)
        imp.state = Import.State.UNDONE
        imp.warnings = [*imp.warnings, {"code": "undone", "message": f"Taken back by {by}."}]
        imp.save()


@contextmanager
def opened(imp: Import) -> Iterator[Reading]:
    """Open the import's archived bytes for reading."""
    source = imp.source
    with (
        archive.local_copy(imp.sha256) as path,
        archive.scratch_folder() as folder,
        read(
            path, imp.filename, connector_of(source.connector), imp.document, folder,
            (source.key, json.dumps(source.config)),
        ) as reading,
    ):  # fmt: skip
        know_currencies(reading.con, *known())
        yield reading


def object_key(imp: Import) -> str:
    """Return what names the delivery among its source's objects."""
    return imp.filename.replace(SEPARATOR, "_")


def describe(imp: Import, reading: Reading, delivered: Delivered) -> None:
    """Write on the import what the file holds."""
    imp.document = reading.document.name
    imp.rows = delivered.rows
    imp.totals = plain_totals(delivered.totals)
    imp.out_of_scope = plain_totals(delivered.out_of_scope)
    imp.period_start, imp.period_end = delivered.period
    imp.warnings = list(delivered.warnings)


def book(
    imp: Import, reading: Reading, delivered: Delivered, allow_shrink: bool, progress: Progress
) -> None:
    """Book everything, unless the guard holds it back or nothing changed."""
    plans = plan_all(imp.source, delivered)
    imp.warnings += shrink_warnings(plans)
    lost = max((plan.shrinks_by for plan in plans.values()), default=0)
    if lost > SHRINK_MAX and not allow_shrink:
        hold(imp, plans)
        imp.preview = preview(reading, delivered, plans, imp)
        return
    if close_as_unchanged(imp, delivered, plans):
        return
    imp.warnings += returning(imp)
    # A savepoint: what the database does not take is refused, and nothing of it stays.
    with transaction.atomic():
        for part in delivered.sliced:
            plan = plans[part.table]
            elsewhere = book_slices(imp, plan, timezone.now())
            imp.warnings += evidence_warnings(imp, elsewhere)
            make_partitions(f"ledger_{part.table}", part.months(plan.new_id))
            part.write(plan.new_id, progress)
        for upsert in delivered.upserted:
            upsert.write(imp, progress)
    imp.preview = {
        "unchanged_slices": unchanged_slices(plans),
        "rows_left_out": sum(found.records - found.rows for found in delivered.found),
        "merged_rows": delivered.upserted_rows,
    }
    if reading.sheets:
        imp.preview["sheets"] = reading.sheets
    if name := keep_ids(reading):
        imp.preview[KEY] = name
    imp.state = Import.State.LOADED


def lock(source: Source) -> None:
    """Let one load of a source run at a time; the lock ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, source.id])


def plan_all(source: Source, delivered: Delivered) -> dict[str, Replacement]:
    return {
        part.table: plan_replacement(source, part.table, found.groups)
        for part, found in zip(delivered.sliced, delivered.found, strict=True)
    }


def close_as_duplicate(imp: Import) -> bool:
    """End as a duplicate when the same bytes are what is active now."""
    twin = active_twin(imp)
    if twin is None:
        return False
    imp.state, imp.duplicate_of = Import.State.DUPLICATE, twin
    imp.rows, imp.totals, imp.out_of_scope = twin.rows, twin.totals, twin.out_of_scope
    imp.period_start, imp.period_end, imp.document = (
        twin.period_start,
        twin.period_end,
        twin.document,
    )
    imp.warnings = [
        {"code": "duplicate", "message": f"Import {twin.id} brought the same bytes already."}
    ]
    return True


def active_twin(imp: Import) -> Import | None:
    """Return the loaded import of the same bytes whose facts still count, if there is one."""
    same = Import.objects.filter(
        source=imp.source, sha256=imp.sha256, scope=imp.scope, mapping_version=imp.mapping_version,
        state=Import.State.LOADED,
    ).exclude(id=imp.id)  # fmt: skip
    for twin in same.order_by("-id"):
        if imp.document and imp.document != twin.document:
            continue
        if twin.slices.exists():
            if not twin.slices.exclude(superseded_at=None).exists():
                return twin
        elif not later_load(twin):
            return twin
    return None


def later_load(twin: Import) -> bool:
    """Say whether the source loaded something else of the same kind after this import."""
    return Import.objects.filter(
        source=twin.source, document=twin.document, state=Import.State.LOADED, id__gt=twin.id
    ).exists()


def close_as_unchanged(imp: Import, delivered: Delivered, plans: dict[str, Replacement]) -> bool:
    """End as a duplicate when other bytes hold the very rows that are active now."""
    kept = [old for plan in plans.values() for _, old in plan.unchanged]
    changes = delivered.upserted or any(plan.fresh or plan.replaced for plan in plans.values())
    if changes or not kept:
        return False
    imp.state, imp.duplicate_of = Import.State.DUPLICATE, kept[0].imp
    imp.warnings += [
        {
            "code": "unchanged",
            "message": f"The rows are those of import {kept[0].imp_id}; nothing changed.",
        }
    ]
    return True


def hold(imp: Import, plans: dict[str, Replacement]) -> None:
    """Keep the delivery waiting for a person's yes: it would take away a lot."""
    imp.state = Import.State.HELD
    old_rows = sum(plan.old_rows for plan in plans.values())
    new_rows = sum(plan.new_rows for plan in plans.values())
    imp.errors = [
        problem(
            "shrinks", "The delivery would replace more than 20 % of rows or money by nothing.",
            file=imp.filename, found=f"{new_rows} rows", expected=f"about {old_rows} rows",
            fix="Check that the export is complete; load it with --allow-shrink if it is right.",
        )
    ]  # fmt: skip


def shrink_warnings(plans: dict[str, Replacement]) -> list[dict[str, str]]:
    lost = max((plan.shrinks_by for plan in plans.values()), default=0)
    if not lost:
        return []
    return [
        {
            "code": "smaller",
            "message": f"This is {lost * 100:.1f}\u00a0% less than what it replaces.",
        }
    ]


def returning(imp: Import) -> list[dict[str, str]]:
    """Warn when these bytes were loaded before and had been replaced since."""
    before = Import.objects.filter(
        source=imp.source, sha256=imp.sha256, scope=imp.scope, slices__superseded_at__isnull=False
    ).exclude(id=imp.id)  # fmt: skip
    if not (old := before.order_by("-id").first()):
        return []
    words = (
        f"The same bytes came before as import {old.id} and were replaced since; they count again."
    )
    return [{"code": "active_again", "message": words}]


def evidence_warnings(imp: Import, scopes: list[BillingScope]) -> list[dict[str, str]]:
    return [
        {
            "code": "evidence",
            "message": f"{scope.invoice_issuer_name} {scope.billing_account_id} from "
            f"{scope.billing_period_start} is billed by {feed_name(scope, imp)}; this bill is kept "
            "as evidence and books no money.",
        }
        for scope in scopes
    ]


def unchanged_slices(plans: dict[str, Replacement]) -> list[int]:
    """Return the slices that stand for a part of this delivery, because it brought the same rows."""
    return [old.id for plan in plans.values() for _, old in plan.unchanged]


def evidence_foreseen(seen: dict[str, Any]) -> list[dict[str, str]]:
    return [{"code": "evidence", "message": words} for words in seen["overlaps"]]


def superseded_imports(imp: Import) -> list[int]:
    """Return the ids of the imports of which this one replaced something."""
    ids = Slice.objects.filter(superseded_by__imp=imp).values_list("imp_id", flat=True)
    return sorted(set(ids))


def mark_refused(imp: Import, refused: Refused) -> None:
    imp.state = Import.State.REFUSED
    imp.errors = list(refused.problems)
    if refused.count > len(refused.problems):
        words = f"{refused.count} problems in all; the first {len(refused.problems)} are listed."
        imp.warnings = [*imp.warnings, {"code": "more_problems", "message": words}]
