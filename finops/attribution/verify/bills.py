"""The sums that Reconcile reads equal the charges and the usage below them."""

from collections.abc import Iterator

from finops.attribution.verify.cells import SLICES
from finops.attribution.verify.violation import Violation, rows_of_one_pass, rows_that_differ

CHARGED = f"""
{SLICES}, waits AS (
    SELECT DISTINCT s.source_id FROM attribution_dirty d JOIN ledger_slice s ON s.id::text = d.ref
    WHERE d.what = 'slice'
), charged AS (
    SELECT date_trunc('month', c.billing_period_start)::date AS month, s.source_id, s.is_booked,
           c.billing_currency AS currency, sum(c.billed_nanos) AS nanos
    FROM ledger_charge c JOIN slices s ON s.id = c.slice_id AND s.is_active
    GROUP BY 1, 2, 3, 4
)
"""


BILL_DAY = """
WITH found AS (
    SELECT month, source_id, is_booked, currency, sum(billed_nanos) AS nanos
    FROM attribution_billday GROUP BY 1, 2, 3, 4
)
SELECT format('%s, source %s, booked %s, %s', month, source_id, is_booked, currency),
       coalesce(e.nanos, 0), coalesce(f.nanos, 0)
FROM charged e FULL JOIN found f USING (month, source_id, is_booked, currency)
WHERE coalesce(e.nanos, 0) <> coalesce(f.nanos, 0)
  AND source_id NOT IN (SELECT source_id FROM waits)
"""
BILL_MONTH = """
WITH found AS (
    SELECT month, source_id, currency, sum(billed_nanos) AS nanos
    FROM attribution_billmonth GROUP BY 1, 2, 3
)
SELECT format('%s, source %s, %s', month, source_id, currency),
       coalesce(e.nanos, 0), coalesce(f.nanos, 0)
FROM (SELECT * FROM charged WHERE is_booked) e
FULL JOIN found f USING (month, source_id, currency)
WHERE coalesce(e.nanos, 0) <> coalesce(f.nanos, 0)
  AND source_id NOT IN (SELECT source_id FROM waits)
"""


def bills_equal_charges() -> Iterator[Violation]:
    """Per month, source and currency: booked and as evidence by days, booked by months."""
    yield from rows_of_one_pass(
        CHARGED,
        {
            "bill_day": ("the bill by days is not the sum of its lines", BILL_DAY),
            "bill_month": ("the bill by months is not the sum of its lines", BILL_MONTH),
        },
    )


def meter_months_equal_meter_days() -> Iterator[Violation]:
    """Per month, source, currency and standing."""
    keys = "month, source_id, currency, standing"
    yield from rows_that_differ(
        "meter_month",
        "usage at list price by months is not the sum of its days",
        f"""
        WITH e AS (SELECT {keys}, sum(listed) AS listed FROM attribution_meterday GROUP BY {keys}),
             f AS (SELECT {keys}, sum(listed) AS listed FROM attribution_metermonth GROUP BY {keys})
        SELECT format('%s, source %s, %s, %s', month, source_id, currency, standing),
               coalesce(e.listed, 0), coalesce(f.listed, 0)
        FROM e FULL JOIN f USING ({keys})
        WHERE coalesce(e.listed, 0) <> coalesce(f.listed, 0)
        """,
    )
