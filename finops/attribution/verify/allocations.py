"""Allocations against the cells above them and the daily sums below them, in one pass.

The pass joins every allocation with its cell and takes three fingerprints per day: by cell, by
the keys of the daily spend, by the keys of what work items received. It also counts what ends
nowhere or has another payer.
"""

from collections.abc import Iterator
from datetime import date

from finops.attribution.verify import cells, ends
from finops.attribution.verify.fingerprints import (
    AMOUNTS,
    KEEP,
    Prints,
    days_that_differ,
    fingerprint,
    key_hash,
    new_seed,
    prints_of_days,
    table_prints,
)
from finops.attribution.verify.violation import Violation, rows_that_differ

# The keys of a daily sum: its own column, and what it is of an allocation `a` and its cell `c`.
SPEND_KEYS = {
    "team_id": "a.team_id", "source_id": "c.source_id", "vendor": "c.vendor",
    "provider": "c.provider", "model": "c.model", "meter": "c.meter",
    "service_tier": "c.service_tier", "tier": "left(a.tier, 1)", "reason": "a.reason",
    "kind": "coalesce(w.kind, '')",
    "fate": "CASE left(a.tier, 1) WHEN 'C' THEN 'pooled' WHEN 'D' THEN 'overhead'"
            " WHEN 'E' THEN 'unattributed' ELSE coalesce(f.fate, '') END",
    "is_provisional": "c.is_provisional", "currency": "a.currency",
}  # fmt: skip
ITEM_KEYS = {
    "item_id": "a.item_id", "team_id": "a.team_id", "source_id": "c.source_id",
    "vendor": "c.vendor", "model": "c.model", "meter": "c.meter", "tier": "a.tier",
    "is_provisional": "c.is_provisional", "currency": "a.currency",
}  # fmt: skip
PAYER, END = 3, 4  # places after the three fingerprints of allocations
SHAPE, RATE = 1, 2  # places after the fingerprint of cells
TEXTS = {"tier", "fate", "currency"}  # varchar in one place and text in the other
JOINED = f"{ends.JOINED} LEFT JOIN attribution_itemfate f ON f.item_id = a.item_id"
SUMS = ", ".join(f"coalesce(sum({{0}}{name}), 0) AS {name}" for name in AMOUNTS)


# One line per amount: its name, what is expected, what is found.
VALUES = ", ".join(f"('{name.replace('_', ' ')}', {{0}}.{name}, {{1}}.{name})" for name in AMOUNTS)


def allocations_hold_and_are_summed() -> Iterator[Violation]:
    """Allocations sum to their cells, in their currency and on their day, and end somewhere; the
    daily spend and what work items received are the sums of the allocations, by every key.
    Cells stand on a charge or on usage, and are converted at the day's rate or not at all."""
    seed = new_seed()
    found = _allocated(seed)
    whole = table_prints(
        "attribution_cell", ["id", "currency::text"], seed,
        wrong=[cells.WRONG_SHAPE, cells.WRONG_RATE],
    )  # fmt: skip
    spend = table_prints("attribution_spendday", own(SPEND_KEYS), seed)
    items = table_prints("attribution_itemday", own(ITEM_KEYS), seed)
    if any(counts[SHAPE] for counts in whole.values()):
        yield from cells.cells_of_wrong_shape()
    if any(counts[RATE] for counts in whole.values()):
        yield from cells.cells_converted_otherwise()
    if any(counts[PAYER] for counts in found.values()):
        yield from ends.allocations_paid_by_others()
    if any(counts[END] for counts in found.values()):
        yield from ends.allocations_that_end_nowhere()
    yield from _cells(days_that_differ(found, whole, 0))
    yield from _sums(
        "spend_day", "the daily spend is not the sum of its allocations", "attribution_spendday",
        SPEND_KEYS, "true", days_that_differ(found, spend, 1),
    )  # fmt: skip
    yield from _sums(
        "item_day", "what a work item received on a day is not the sum of its allocations",
        "attribution_itemday", ITEM_KEYS, "a.item_id IS NOT NULL",
        days_that_differ(found, items, 2),
    )  # fmt: skip


def _allocated(seed: int) -> Prints:
    """Three fingerprints of each day's allocations, and how many of them are wrong."""
    keys = {
        "by_cell": ["a.cell_id", "a.currency::text"],
        "by_spend": said(SPEND_KEYS),
        "by_item": said(ITEM_KEYS),
    }
    hashes = ", ".join(f"{key_hash(key, seed)} AS {name}" for name, key in keys.items())
    amounts = ", ".join(f"a.{name}" for name in AMOUNTS)
    return prints_of_days(
        f"SELECT day, {fingerprint('by_cell')}, {fingerprint('by_spend')},"
        f" {fingerprint('by_item', 'item_id IS NOT NULL')},"
        " count(*) FILTER (WHERE wrong_payer), count(*) FILTER (WHERE wrong_end)"
        f" FROM (SELECT a.day, a.item_id, {amounts}, {hashes}, {KEEP},"
        f" {ends.WRONG_PAYER} AS wrong_payer, {ends.WRONG_END} AS wrong_end {JOINED}) k GROUP BY 1"
    )


def own(keys: dict[str, str]) -> list[str]:
    """The keys as a rollup has them, in one type on both sides."""
    return [f"{name}::text" if name in TEXTS else name for name in keys]


def said(keys: dict[str, str]) -> list[str]:
    """The keys as an allocation and its cell say them, in one type on both sides."""
    return [f"({sql})::text" if name in TEXTS else sql for name, sql in keys.items()]


def _cells(days: list[date]) -> Iterator[Violation]:
    """Name the cells of these days to which their allocations do not sum."""
    if not days:
        return
    yield from rows_that_differ(
        "allocations_of_cell",
        "the allocations of a cell do not sum to it",
        f"""
        WITH spread AS (
            SELECT cell_id, {", ".join(f"sum({name}) AS {name}" for name in AMOUNTS)}
            FROM attribution_allocation
            WHERE cell_id IN (SELECT id FROM attribution_cell WHERE day = ANY (%(days)s))
            GROUP BY cell_id
        )
        SELECT format('cell %%s of %%s, %%s', c.id, c.day, v.name), v.expected::numeric, v.found
        FROM attribution_cell c LEFT JOIN spread s ON s.cell_id = c.id
        CROSS JOIN LATERAL (VALUES {VALUES.format("c", "s")}) v(name, expected, found)
        WHERE c.day = ANY (%(days)s) AND v.expected IS DISTINCT FROM v.found
        """,
        {"days": days},
    )
    yield from rows_that_differ(
        "allocation_cell",
        "an allocation says another day or currency than its cell, or has none",
        """
        SELECT format('allocation %%s of cell %%s', a.id, a.cell_id),
               coalesce(c.day || ' ' || c.currency, 'a cell'), a.day || ' ' || a.currency
        FROM attribution_allocation a LEFT JOIN attribution_cell c ON c.id = a.cell_id
        WHERE a.day = ANY (%(days)s) AND (a.day, a.currency) IS DISTINCT FROM (c.day, c.currency)
        """,
        {"days": days},
    )


def _sums(
    check: str, what: str, table: str, keys: dict[str, str], condition: str, days: list[date]
) -> Iterator[Violation]:
    """Name the sums of these days that are not those of their allocations."""
    if not days:
        return
    fresh = ", ".join(f"{sql} AS {name}" for name, sql in zip(keys, said(keys), strict=True))
    kept = ", ".join(f"{sql} AS {name}" for name, sql in zip(keys, own(keys), strict=True))
    groups = ", ".join(str(place + 1) for place in range(len(keys) + 1))
    # A full join needs plain equality: what is null (a team, an item) is 0 here.
    same = " AND ".join(
        f"coalesce(e.{name}, 0) = coalesce(f.{name}, 0)" if name.endswith("_id")
        else f"e.{name} = f.{name}" for name in keys
    )  # fmt: skip
    said_keys = ", ".join(f"coalesce(e.{name}::text, f.{name}::text)" for name in keys)
    yield from rows_that_differ(
        check,
        what,
        f"""
        WITH e AS (SELECT a.day, {fresh}, {SUMS.format("a.")} {JOINED}
                   WHERE a.day = ANY (%(days)s) AND {condition} GROUP BY {groups}),
             f AS (SELECT day, {kept}, {SUMS.format("")} FROM {table}
                   WHERE day = ANY (%(days)s) GROUP BY {groups})
        SELECT concat_ws(', ', coalesce(e.day, f.day), concat_ws(' ', {said_keys}), v.name),
               coalesce(v.expected, 0), coalesce(v.found, 0)
        FROM e FULL JOIN f ON e.day = f.day AND {same}
        CROSS JOIN LATERAL (VALUES {VALUES.format("e", "f")}) v(name, expected, found)
        WHERE coalesce(v.expected, 0) <> coalesce(v.found, 0)
        """,
        {"days": days},
    )
