"""Sums of very many groups compared by one number per day, and looked at closely where it differs.

Grouping tens of millions of rows by a wide key takes minutes; a fingerprint takes one pass. It
is the exact sum of every amount times a weight that its group's key gives it, so it is the same
for rows and for their sums. Two sides whose groups differ have the same fingerprint only by
chance (about 1 in 500 million, and the weights are others in every run). What differs is then
found and named by the exact comparison, of those days only.
"""

import random
from collections.abc import Iterable
from datetime import date

from django.db import connection

AMOUNTS = (
    "billed_nanos", "effective_nanos", "reporting_billed_nanos", "reporting_effective_nanos",
)  # fmt: skip
# A product of a weight and half an amount has 60 bits, so that four of them fit into 63.
WEIGHT = (1 << 29) - 1
HALF = 31
MIX = 0x1B873593 & WEIGHT  # odd: the third and fourth weight are the first two, scrambled
# A subquery with a volatile column is computed once per row, not once per use; this one is
# volatile and allowed in parallel plans.
KEEP = "clock_timestamp() AS kept"

Prints = dict[date, list[int]]


def new_seed() -> int:
    return random.SystemRandom().getrandbits(60)


def key_hash(keys: Iterable[str], seed: int) -> str:
    """SQL for the hash of a group's key. keys: SQL values.

    The hash of a record is a sum of its columns' hashes, so that two groups that swapped one
    column would weigh together what they weighed before: it is hashed once more.
    """
    return f"hashint8extended(hash_record_extended(ROW({', '.join(keys)}), {seed}), {seed})"


def fingerprint(hashed: str, condition: str = "true") -> str:
    """SQL for the aggregate over rows with the amounts: an exact integer, as numeric."""
    first, second = f"({hashed} & {WEIGHT})", f"(({hashed} >> 29) & {WEIGHT})"
    weights = (first, second, f"({first} * {MIX} & {WEIGHT})", f"({second} * {MIX} & {WEIGHT})")
    pairs = [
        (weight, f"coalesce({name}, 0)") for weight, name in zip(weights, AMOUNTS, strict=True)
    ]
    high = " + ".join(f"{weight} * ({amount} >> {HALF})" for weight, amount in pairs)
    low = " + ".join(f"{weight} * ({amount} & {(1 << HALF) - 1})" for weight, amount in pairs)
    rows = f"FILTER (WHERE {condition})"
    return f"coalesce(sum({high}) {rows} * {1 << HALF} + sum({low}) {rows}, 0)"


def prints_of_days(sql: str) -> Prints:
    """Run a SELECT of (day, fingerprint, ...)."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {day: list(prints) for day, *prints in cursor.fetchall()}


def table_prints(
    table: str, keys: Iterable[str], seed: int, *, wrong: Iterable[str] = ()
) -> Prints:
    """The fingerprint of each day's rows of a table with the amounts, then how many rows meet
    each of the conditions `wrong`."""
    counts = "".join(f", count(*) FILTER (WHERE {condition})" for condition in wrong)
    return prints_of_days(
        f"SELECT day, {fingerprint('hashed')}{counts}"
        f" FROM (SELECT *, {key_hash(keys, seed)} AS hashed, {KEEP} FROM {table}) k GROUP BY 1"
    )


def days_that_differ(one: Prints, other: Prints, place: int = 0) -> list[date]:
    """The days on which `one` has another fingerprint at this place than `other` has."""
    return sorted(
        day
        for day in one.keys() | other.keys()
        if (one[day][place] if day in one else 0) != (other[day][0] if day in other else 0)
    )
