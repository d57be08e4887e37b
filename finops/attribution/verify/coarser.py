"""Coarser sums, of days and months and finished work, equal fresh sums of the finer ones."""

from collections.abc import Iterator

from finops.attribution.verify.violation import Violation, rows_that_differ, sums_differ

SPEND = [
    "billed_nanos",
    "effective_nanos",
    "reporting_billed_nanos",
    "reporting_effective_nanos",
]
HAS_RATE = "reporting_billed_nanos IS NOT NULL AS has_rate"  # what has no rate stays apart


def team_days_equal_spend_days() -> Iterator[Violation]:
    keys = [
        "day",
        "team_id",
        "vendor",
        "tier",
        "reason",
        "kind",
        "fate",
        "is_provisional",
        "currency",
    ]
    shared = "CASE WHEN tier = 'D' OR reason = 'no_base' THEN vendor ELSE '' END AS vendor"
    fresh = [shared if key == "vendor" else key for key in keys]
    yield from _sums_that_differ(
        "team_day",
        "a team's day is not the sum of its daily spend",
        f"SELECT {', '.join([*fresh, HAS_RATE, *SPEND])} FROM attribution_spendday",
        f"SELECT {', '.join([*keys, HAS_RATE, *SPEND])} FROM attribution_teamday",
        [*keys, "has_rate"],
        SPEND,
    )


def spend_months_equal_spend_days() -> Iterator[Violation]:
    keys = [
        "month", "team_id", "source_id", "vendor", "model", "tier", "reason", "kind", "fate",
        "is_provisional", "currency",
    ]  # fmt: skip
    fresh = ["date_trunc('month', day::timestamp)::date AS month", *keys[1:]]
    yield from _sums_that_differ(
        "spend_month",
        "a month's spend is not the sum of its days",
        f"SELECT {', '.join([*fresh, HAS_RATE, *SPEND])} FROM attribution_spendday",
        f"SELECT {', '.join([*keys, HAS_RATE, *SPEND])} FROM attribution_spendmonth",
        [*keys, "has_rate"],
        SPEND,
    )


def outcome_days_equal_outcome_costs() -> Iterator[Violation]:
    """What was finished on a day, per kind and team: number, credit, credit of value, cost."""
    keys = ["completed_on", "kind", "team_id"]
    amounts = ["items", "credit_ppm", "value_ppm", "billed_nanos", "effective_nanos"]
    yield from _sums_that_differ(
        "outcome_day",
        "the finished work of a day is not the sum of its items",
        f"SELECT {', '.join(keys)}, CASE WHEN credit_ppm > 0 THEN 1 ELSE 0 END AS items, credit_ppm,"
        " CASE WHEN fate = 'value' THEN credit_ppm ELSE 0 END AS value_ppm,"
        " billed_nanos, effective_nanos"
        " FROM attribution_outcomecost WHERE completed_on IS NOT NULL",
        f"SELECT {', '.join([*keys, *amounts])} FROM attribution_outcomeday",
        keys,
        amounts,
    )


def outcome_costs_follow_their_items() -> Iterator[Violation]:
    """The kind and the day of completion beside an item's cost are the item's own."""
    yield from rows_that_differ(
        "outcome_item",
        "the cost of a work item is filed under another kind or day of completion",
        """
        SELECT format('item %s', o.item_id),
               coalesce(i.kind, 'no item') || ' '
                   || coalesce(CASE WHEN i.state = 'done' THEN i.completed_at::date::text END, 'open'),
               o.kind || ' ' || coalesce(o.completed_on::text, 'open')
        FROM attribution_outcomecost o LEFT JOIN outcomes_workitem i ON i.id = o.item_id
        WHERE (o.kind, o.completed_on) IS DISTINCT FROM
              (i.kind, CASE WHEN i.state = 'done' THEN i.completed_at::date END)
        """,
    )


def _sums_that_differ(
    check: str, what: str, fresh: str, kept: str, keys: list[str], amounts: list[str]
) -> Iterator[Violation]:
    """Compare the sums of two SELECTs of these keys and then these amounts, group for group."""
    if not sums_differ(fresh, kept, len(keys), len(amounts), rows_too=True):
        return
    groups = ", ".join(keys)
    sums = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in amounts)
    yield from rows_that_differ(
        check,
        what,
        f"""
        WITH fresh AS (SELECT {groups}, {sums} FROM ({fresh}) s GROUP BY {groups}),
        kept AS (SELECT {groups}, {sums} FROM ({kept}) s GROUP BY {groups}),
        expected AS (TABLE fresh EXCEPT ALL TABLE kept),
        found AS (TABLE kept EXCEPT ALL TABLE fresh)
        SELECT 'a row', row_to_json(expected)::text, 'no such row' FROM expected
        UNION ALL SELECT 'a row', 'no such row', row_to_json(found)::text FROM found
        """,
    )
