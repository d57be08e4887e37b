"""Twelve months of facts of a company of 40 teams and 2,000 people, settled."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection, transaction

from finops.attribution.models import AllocationRule, Dirty
from finops.attribution.settle import settle
from finops.outcomes.models import WorkItem
from finops.people.models import Membership

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 1, tzinfo=UTC)
TEAMS, PEOPLE = 40, 2000
BOOKS = ("people", "ledger", "outcomes", "attribution", "billing_ingest")

_built: dict[int, float] = {}


def build(usage: int) -> float:
    """Fill the books with a year of that many usage rows; seconds that the full settle took."""
    if usage not in _built:
        _built.clear()
        start = time.monotonic()
        empty()
        fill(usage)
        sys.stderr.write(f"a year of {usage:,} usage rows: {time.monotonic() - start:.0f} s\n")
        start = time.monotonic()
        settle(full=True, now=NOW)
        _built[usage] = time.monotonic() - start
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return _built[usage]


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables())} RESTART IDENTITY CASCADE")


def tables() -> list[str]:
    """The tables of the books; partitions follow their parents."""
    names = connection.introspection.table_names()
    return [name for name in names if name.startswith(tuple(f"{app}_" for app in BOOKS))]


def fill(usage: int) -> None:
    sizes = {"usage": usage, "teams": TEAMS, "people": PEOPLE}
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (HERE / "year.sql").read_text().split(";\n"):
            if statement.strip():
                cursor.execute(statement, sizes)
        for table in tables():
            reset_sequence(cursor, table)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def reset_sequence(cursor: object, table: str) -> None:
    """Ids were given by hand; the next one must be free."""
    cursor.execute(  # type: ignore[attr-defined]
        "SELECT pg_get_serial_sequence(%s, a.attname) FROM pg_attribute a"
        " WHERE a.attrelid = %s::regclass AND a.attname = 'id'", [table, table]
    )  # fmt: skip
    for (sequence,) in cursor.fetchall():  # type: ignore[attr-defined]
        if sequence:
            cursor.execute(  # type: ignore[attr-defined]
                f"SELECT setval(%s, (SELECT coalesce(max(id), 0) + 1 FROM {table}))", [sequence]
            )


def restate_a_day() -> float:
    """Seconds that settle takes after one vendor's day came again with other amounts."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute((HERE / "restated.sql").read_text())
    start = time.monotonic()
    settle(now=NOW)
    return time.monotonic() - start


def remap_a_person() -> tuple[float, int]:
    """Seconds and cells of a settle after one person moved to another team for good."""
    Membership.objects.filter(person_id=77).update(team_id=3)
    return settled("person", 77)


def add_a_rule() -> tuple[float, int]:
    """Seconds and cells of a settle after one key's money was shared between two teams."""
    rule = AllocationRule.objects.create(
        number=1, position=1, name="Shared key", method=AllocationRule.Method.FIXED,
        conditions=[{"field": "api_key", "op": "is", "values": ["key-7"]}],
    )  # fmt: skip
    rule.shares.create(team_id=1, weight=2)
    rule.shares.create(team_id=2, weight=1)
    return settled("rules", 1)


def change_an_item() -> tuple[float, int]:
    """Seconds and cells of a settle after one pull request was told of again."""
    item = WorkItem.objects.filter(kind="pull_request").order_by("id")[5000]
    return settled("item", item.pk)


def settled(what: str, ref: int) -> tuple[float, int]:
    Dirty.objects.create(what=what, ref=str(ref))
    start = time.monotonic()
    run = settle(now=NOW)
    return time.monotonic() - start, run.cells


def count_cells() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM attribution_cell")
        (count,) = cursor.fetchone()
    return int(count)
