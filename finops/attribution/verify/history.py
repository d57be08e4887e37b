"""What was posted adds up to what the rollups say now, in every amount."""

from collections.abc import Iterator
from datetime import date

from finops.attribution.closed_books import digest_of
from finops.attribution.models import Closing, PostedRun
from finops.attribution.verify.fingerprints import days_that_differ, new_seed, table_prints
from finops.attribution.verify.rollups import AMOUNTS, DIFFERENCES
from finops.attribution.verify.violation import Violation, rows_that_differ, sums_differ
from finops.periods import month_of

WITH_RATE = """
sum(rows) AS rows, sum(billed_nanos) AS billed, sum(effective_nanos) AS effective,
CASE WHEN has_rate THEN sum(reporting_billed_nanos) END AS reporting_billed,
CASE WHEN has_rate THEN sum(reporting_effective_nanos) END AS reporting_effective
"""


def postings_equal_rollups() -> Iterator[Violation]:
    """Per day, team, tier, reason, fate and currency; and per work item and day.

    The history begins with the first settle that posts; before it there is nothing to compare.
    """
    if not PostedRun.objects.exists():
        return
    keys = "day, coalesce(team_id, 0) AS team, tier, reason, fate, is_provisional, currency"
    yield from _differing("posting_day", "spendday", "posting", keys)
    keys = "day, coalesce(team_id, 0) AS team, tier, item_id::text AS reason, '' AS fate, is_provisional, currency"
    if days := _days_of_items():
        listed = ", ".join(f"date '{day}'" for day in days)
        only = f"WHERE day IN ({listed})"
        yield from _differing("posting_item", "itemday", "itemposting", keys, only)


def _days_of_items() -> list[date]:
    """The days on which what was posted of items has another fingerprint than their days have."""
    seed = new_seed()
    keys = ["coalesce(team_id, 0)", "tier::text", "item_id", "is_provisional", "currency::text"]
    kept = table_prints("attribution_itemday", [*keys, "reporting_billed_nanos IS NOT NULL"], seed)
    return days_that_differ(
        kept, table_prints("attribution_itemposting", [*keys, "has_rate"], seed)
    )


def closed_months_read_as_closed() -> Iterator[Violation]:
    """The report of a closed month, as known when it was closed, still has its digest."""
    for closing in Closing.objects.all():
        found = digest_of(month_of(closing.month), closing.known_at)
        if found != closing.digest:
            yield Violation(
                "closed_month",
                "a closed month does not read as it was closed",
                f"{closing.month:%Y-%m}",
                closing.digest,
                found,
                "",
            )


def _differing(
    check: str, rollup: str, posted: str, keys: str, only: str = ""
) -> Iterator[Violation]:
    names = "day, team, tier, reason, fate, is_provisional, currency, has_rate"
    same = " AND ".join(f"e.{name} = f.{name}" for name in names.split(", "))
    nanos = "billed_nanos, effective_nanos"
    if not sums_differ(
        f"SELECT {keys}, reporting_billed_nanos IS NOT NULL, {nanos}, reporting_billed_nanos,"
        f" reporting_effective_nanos FROM attribution_{rollup} {only}",
        f"SELECT {keys}, has_rate, {nanos}, CASE WHEN has_rate THEN reporting_billed_nanos END,"
        f" CASE WHEN has_rate THEN reporting_effective_nanos END FROM attribution_{posted} {only}",
        keys=8,
        amounts=4,
    ):
        return
    yield from rows_that_differ(
        check,
        "what was posted does not add up to what the books say",
        f"""
        WITH e AS (SELECT {keys}, reporting_billed_nanos IS NOT NULL AS has_rate, {AMOUNTS}
                   FROM attribution_{rollup} {only} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8),
             f AS (SELECT {keys}, has_rate, {WITH_RATE}
                   FROM attribution_{posted} {only} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8)
        SELECT format('%s, team %s, tier %s %s %s, %s %s', coalesce(e.day, f.day),
                      coalesce(e.team, f.team), coalesce(e.tier, f.tier),
                      coalesce(e.reason, f.reason), coalesce(e.fate, f.fate), v.name,
                      coalesce(e.currency, f.currency)),
               coalesce(v.expected, 0), coalesce(v.found, 0)
        FROM e FULL JOIN f ON {same}
        {DIFFERENCES}
        """,
    )


def posted_outcomes_equal_outcomes() -> Iterator[Violation]:
    """Per work item and team: credit and direct cost."""
    if not PostedRun.objects.exists():
        return
    keys = "item_id, coalesce(team_id, 0), kind, completed_on, fate::text"
    if not sums_differ(
        f"SELECT {keys}, 1, credit_ppm, billed_nanos, effective_nanos FROM attribution_outcomecost",
        f"SELECT {keys}, rows, credit_ppm, billed_nanos, effective_nanos"
        " FROM attribution_outcomeposting",
        keys=5,
        amounts=4,
    ):
        return
    yield from rows_that_differ(
        "posting_outcome",
        "what was posted of an outcome is not what the books say of it",
        """
        WITH e AS (SELECT item_id, kind, completed_on, fate, coalesce(team_id, 0) AS team,
                          count(*) AS rows, sum(credit_ppm) AS credit, sum(billed_nanos) AS billed,
                          sum(effective_nanos) AS effective
                   FROM attribution_outcomecost GROUP BY 1, 2, 3, 4, 5),
             f AS (SELECT item_id, kind, completed_on, fate, coalesce(team_id, 0) AS team,
                          sum(rows) AS rows, sum(credit_ppm) AS credit,
                          sum(billed_nanos) AS billed, sum(effective_nanos) AS effective
                   FROM attribution_outcomeposting GROUP BY 1, 2, 3, 4, 5)
        SELECT format('item %s, team %s, %s', coalesce(e.item_id, f.item_id),
                      coalesce(e.team, f.team), v.name), v.expected, v.found
        FROM e FULL JOIN f ON (e.item_id, e.kind, e.fate, e.team, coalesce(e.completed_on, '-infinity'))
                            = (f.item_id, f.kind, f.fate, f.team, coalesce(f.completed_on, '-infinity'))
        CROSS JOIN LATERAL (VALUES
            ('rows', coalesce(e.rows, 0), coalesce(f.rows, 0)),
            ('credit', coalesce(e.credit, 0), coalesce(f.credit, 0)),
            ('billed nanos', coalesce(e.billed, 0), coalesce(f.billed, 0)),
            ('effective nanos', coalesce(e.effective, 0), coalesce(f.effective, 0)))
            v(name, expected, found)
        WHERE v.expected <> v.found
        """,
    )
