"""Coarser sums, of days and months and finished work, equal fresh sums of the finer ones."""

from collections.abc import Iterator

from finops.attribution.verify.violation import Violation, rows_that_differ

SUMS = ", ".join(
    f"coalesce(sum({name}), 0) AS {name}"
    for name in (
        "billed_nanos",
        "effective_nanos",
        "reporting_billed_nanos",
        "reporting_effective_nanos",
    )
)
HAS_RATE = "reporting_billed_nanos IS NOT NULL AS has_rate"  # what has no rate stays apart


def team_days_equal_spend_days() -> Iterator[Violation]:
    keys = "day, team_id, {vendor}, tier, reason, kind, fate, is_provisional, currency"
    shared = "CASE WHEN tier = 'D' OR reason = 'no_base' THEN vendor ELSE '' END AS vendor"
    yield from _sums_that_differ(
        "team_day",
        "a team's day is not the sum of its daily spend",
        f"SELECT {keys.format(vendor=shared)}, {HAS_RATE}, {SUMS} FROM attribution_spendday"
        " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
        f"SELECT {keys.format(vendor='vendor')}, {HAS_RATE}, {SUMS} FROM attribution_teamday"
        " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
    )


def spend_months_equal_spend_days() -> Iterator[Violation]:
    keys = "team_id, source_id, vendor, model, tier, reason, kind, fate, is_provisional, currency"
    yield from _sums_that_differ(
        "spend_month",
        "a month's spend is not the sum of its days",
        f"SELECT date_trunc('month', day)::date AS month, {keys}, {HAS_RATE}, {SUMS}"
        " FROM attribution_spendday GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
        f"SELECT month, {keys}, {HAS_RATE}, {SUMS}"
        " FROM attribution_spendmonth GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
    )


def outcome_days_equal_outcome_costs() -> Iterator[Violation]:
    """What was finished on a day, per kind and team: number, credit, credit of value, cost."""
    yield from _sums_that_differ(
        "outcome_day",
        "the finished work of a day is not the sum of its items",
        "SELECT completed_on, kind, team_id, count(*) FILTER (WHERE credit_ppm > 0) AS items,"
        " sum(credit_ppm) AS credit_ppm,"
        " coalesce(sum(credit_ppm) FILTER (WHERE fate = 'value'), 0) AS value_ppm,"
        " sum(billed_nanos) AS billed_nanos, sum(effective_nanos) AS effective_nanos"
        " FROM attribution_outcomecost WHERE completed_on IS NOT NULL GROUP BY 1, 2, 3",
        "SELECT completed_on, kind, team_id, sum(items) AS items, sum(credit_ppm) AS credit_ppm,"
        " sum(value_ppm) AS value_ppm, sum(billed_nanos) AS billed_nanos,"
        " sum(effective_nanos) AS effective_nanos FROM attribution_outcomeday GROUP BY 1, 2, 3",
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


def _sums_that_differ(check: str, what: str, fresh: str, kept: str) -> Iterator[Violation]:
    """Compare two sums with the same columns, row for row."""
    yield from rows_that_differ(
        check,
        what,
        f"""
        WITH fresh AS ({fresh}), kept AS ({kept}),
        expected AS (TABLE fresh EXCEPT ALL TABLE kept),
        found AS (TABLE kept EXCEPT ALL TABLE fresh)
        SELECT 'a row', row_to_json(expected)::text, 'no such row' FROM expected
        UNION ALL SELECT 'a row', 'no such row', row_to_json(found)::text FROM found
        """,
    )
