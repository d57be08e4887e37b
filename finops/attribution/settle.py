"""Settle: from facts to cells, allocations and rollups, for whatever changed since the last time.

One transaction under one lock. The steps are the SQL files in `sql/`, in order of their
numbers; each reads the temporary tables of the ones before it. A full settle touches
everything; an incremental one starts from `Dirty` rows and gives the same result.
"""

import logging
import re
from datetime import datetime
from pathlib import Path

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected, SerializationFailure

from finops.attribution.models import SettleRun
from finops.attribution.posting import post
from finops.attribution.ruling import lay_out_rules, note_moved_cells, rule_new_cells
from finops.outcomes.kinds import KINDS
from finops.people.models import Organisation

log = logging.getLogger(__name__)

TRIES = 5
TRIED_AGAIN = (SerializationFailure, DeadlockDetected)
SQL = Path(__file__).parent / "sql"
MADE = re.compile(r"CREATE TEMP TABLE (\w+)")
LOCK = 0x0A7  # pg_advisory_xact_lock key: one settle at a time (queries.known waits for it)
AFTER_CHANGES = (
    "30_logs",
    "40_split",
    "45_cells",
    "47_payers",
    "48_rules",
    "50_matches",
    "55_allocations",
    "60_items",
    "62_pools",
    "65_proportional",
    "70_rollups",
    "75_overhead",
    "77_coarser_rollups",
    "80_outcomes",
    "84_log_days",
    "85_usage_days",
    "86_names",
    "87_bill_months",
)
# After a full settle's step the planner must learn what is in the table that it filled.
FILLED_BY = {
    "48_rules": "attribution_cell",
    "55_allocations": "attribution_allocation",
    "70_rollups": "attribution_itemday, attribution_spendday",
    "80_outcomes": "attribution_outcomecost, attribution_outcomeday",
}


def settle(*, full: bool = False, now: datetime) -> SettleRun:
    """Bring everything dirty to the end and return what was done.

    Waits for a settle that is under way. Raises nothing for odd data; a database error rolls
    everything back and leaves the dirty rows for the next try. A deadlock or a conflict with
    somebody else's write is tried again, unless the transaction is the caller's.
    """
    for _ in range(TRIES - 1):
        try:
            return _settle(full, now)
        except OperationalError as error:
            if connection.in_atomic_block or not isinstance(error.__cause__, TRIED_AGAIN):
                raise
            log.warning("settle begins again: %s", error)
    return _settle(full, now)


def _settle(full: bool, now: datetime) -> SettleRun:
    with transaction.atomic():
        _one_snapshot()
        Organisation.objects.get_or_create(id=1)
        _run(f"SELECT pg_advisory_xact_lock({LOCK})")
        full = full or not SettleRun.objects.exists()
        _begin()
        rules = lay_out_rules()
        if full or _bills_differ():
            full = True
            _step("20_owners", "22_links", "10_everything")
        else:
            note_moved_cells(rules)
            _step("20_owners", "22_links", "10_changes", "12_dirty_items")
            _step("13_paid_anew")
            if _count("changed_item"):
                _step("14_cells_of_items")
        for name in AFTER_CHANGES:
            if name == "47_payers" and not full:
                _step("46_paid_anew")
            if name == "48_rules":
                rule_new_cells(rules)
            _step(name)
            if full and name in FILLED_BY:
                _run(f"ANALYZE {FILLED_BY[name]}")
        if full or _claimed("item", "actor", "person"):
            _step("88_actors")
        done = SettleRun.objects.create(
            started_at=now,
            finished_at=timezone.now(),
            is_full=full,
            cells=_count("touched_cell"),
            allocations=_count("attribution_allocation") if full else _count("match"),
        )
        post(done)
        _run(
            f"DROP TABLE {', '.join(_temporary())} CASCADE"
        )  # for a caller with a longer transaction
        return done


def _one_snapshot() -> None:
    """Read what was committed when this settle's turn came, and nothing later.

    Else a rule or a bill that changes meanwhile would count for some cells and not for others.
    LOCK TABLE takes no snapshot, so the settle that waits here sees all that the one before did.
    """
    if not connection.savepoint_ids:  # a caller's own transaction has begun already
        _run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    _run("LOCK TABLE attribution_settlerun IN EXCLUSIVE MODE")


def _begin() -> None:
    """Claim the changes and lay out what the bills cover."""
    _step("00_touched", "05_bills", "07_rules")
    rows = ", ".join(
        f"('{kind.slug}', interval '{int(kind.durable_after.total_seconds())} seconds')"
        for kind in KINDS.values()
    )
    _run(
        "CREATE TEMP TABLE kind ON COMMIT DROP AS"
        f" SELECT * FROM (VALUES {rows}) k (slug, durable_after)"
    )


def _bills_differ() -> bool:
    """Return whether a source began or ceased to bill a provider.

    Every log may then explain another bill than before.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH seen AS (SELECT source_id, provider FROM attribution_billseen),"
            " billed AS (SELECT source_id, provider FROM bill)"
            " SELECT EXISTS (TABLE billed EXCEPT TABLE seen) OR EXISTS (TABLE seen EXCEPT TABLE billed)"
        )
        (differ,) = cursor.fetchone()
    return bool(differ)


def _claimed(*what: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM claimed WHERE what = ANY (%s))", [list(what)])
        (found,) = cursor.fetchone()
    return bool(found)


def _temporary() -> list[str]:
    """Return the temporary tables that exist now: a caller may settle twice in one transaction."""
    made = {name for file in SQL.glob("*.sql") for name in MADE.findall(file.read_text())} | {
        "kind"
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'"
            " AND relname = ANY (%s)",
            [sorted(made)],
        )
        return [name for (name,) in cursor.fetchall()]


def _step(*names: str) -> None:
    for name in names:
        _run((SQL / f"{name}.sql").read_text())


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        (count,) = cursor.fetchone()
    return int(count)
