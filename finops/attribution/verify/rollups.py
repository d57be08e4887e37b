"""Every derived table equals a fresh sum of the allocations below it."""

from collections.abc import Iterator

from finops.attribution.verify.violation import Violation, rows_that_differ, sums_differ

AMOUNTS = """
sum(billed_nanos) AS billed, sum(effective_nanos) AS effective,
sum(reporting_billed_nanos) AS reporting_billed,
sum(reporting_effective_nanos) AS reporting_effective
"""
# Rows e (expected) against f (found), one line per amount that differs.
DIFFERENCES = """
CROSS JOIN LATERAL (VALUES
    ('billed nanos', e.billed, f.billed),
    ('effective nanos', e.effective, f.effective),
    ('reporting billed nanos', e.reporting_billed, f.reporting_billed),
    ('reporting effective nanos', e.reporting_effective, f.reporting_effective))
    v(name, expected, found)
WHERE (e.billed, e.effective, e.reporting_billed, e.reporting_effective) IS DISTINCT FROM
      (f.billed, f.effective, f.reporting_billed, f.reporting_effective)
  AND coalesce(v.expected, 0) <> coalesce(v.found, 0)
"""


def outcome_costs_equal_allocations() -> Iterator[Violation]:
    """Per work item and team that pays, of any date, in the reporting currency."""
    keys = "item_id, coalesce(team_id, 0)"
    if not sums_differ(
        f"SELECT {keys}, reporting_billed_nanos, reporting_effective_nanos"
        " FROM attribution_allocation WHERE item_id IS NOT NULL",
        f"SELECT {keys}, billed_nanos, effective_nanos FROM attribution_outcomecost",
        keys=2,
        amounts=2,
    ):
        return
    yield from rows_that_differ(
        "outcome_cost",
        "the direct cost of a work item is not the sum of its allocations",
        """
        WITH e AS (SELECT item_id, coalesce(team_id, 0) AS team,
                          coalesce(sum(reporting_billed_nanos), 0) AS billed,
                          coalesce(sum(reporting_effective_nanos), 0) AS effective
                   FROM attribution_allocation WHERE item_id IS NOT NULL GROUP BY 1, 2),
             f AS (SELECT item_id, coalesce(team_id, 0) AS team, sum(billed_nanos) AS billed,
                          sum(effective_nanos) AS effective
                   FROM attribution_outcomecost GROUP BY 1, 2)
        SELECT format('item %s, team %s, %s', coalesce(e.item_id, f.item_id),
                      coalesce(e.team, f.team), v.name), v.expected, v.found
        FROM e FULL JOIN f ON (e.item_id, e.team) = (f.item_id, f.team)
        CROSS JOIN LATERAL (VALUES
            ('billed nanos', coalesce(e.billed, 0), coalesce(f.billed, 0)),
            ('effective nanos', coalesce(e.effective, 0), coalesce(f.effective, 0)))
            v(name, expected, found)
        WHERE v.expected <> v.found
        """,
    )


def credit_is_whole() -> Iterator[Violation]:
    """The teams of an item share exactly one outcome, and the costs carry the same shares."""
    yield from rows_that_differ(
        "item_credit",
        "the teams' credit for an item is not 1,000,000 millionths",
        """
        SELECT format('item %s', item_id), 1000000::bigint, sum(credit_ppm)
        FROM attribution_itemteam GROUP BY item_id
        HAVING sum(credit_ppm) <> 1000000 OR min(credit_ppm) < 0
        """,
    )
    yield from rows_that_differ(
        "outcome_credit",
        "the credit beside an item's cost is not the teams' credit",
        """
        WITH e AS (SELECT item_id, coalesce(team_id, 0) AS team, sum(credit_ppm) AS ppm
                   FROM attribution_itemteam GROUP BY 1, 2),
             f AS (SELECT item_id, coalesce(team_id, 0) AS team, sum(credit_ppm) AS ppm
                   FROM attribution_outcomecost GROUP BY 1, 2)
        SELECT format('item %s, team %s', coalesce(e.item_id, f.item_id),
                      coalesce(e.team, f.team)), coalesce(e.ppm, 0), coalesce(f.ppm, 0)
        FROM e FULL JOIN f ON (e.item_id, e.team) = (f.item_id, f.team)
        WHERE coalesce(e.ppm, 0) <> coalesce(f.ppm, 0)
        """,
    )


def fates_agree() -> Iterator[Violation]:
    yield from rows_that_differ(
        "item_fate",
        "the fate beside an item's cost is not the item's fate",
        """
        SELECT format('item %s', c.item_id), f.fate, c.fate
        FROM attribution_outcomecost c LEFT JOIN attribution_itemfate f ON f.item_id = c.item_id
        WHERE f.fate IS DISTINCT FROM c.fate
        """,
    )
