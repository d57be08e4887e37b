"""From charges to cells: every nano arrives, and arrives once."""

from collections.abc import Iterator

from finops.attribution.verify.violation import Violation, rows_of_one_pass, rows_that_differ

# A slice that waits for settle is not in the cells yet, or still is: left out until it is done.
SLICES = """
slices AS MATERIALIZED (
    SELECT s.id, s.source_id, s.import_id,
           s.superseded_at IS NULL
           AND coalesce((b.feed_id, b.feed_document) = (s.source_id, s.document), false) AS is_booked,
           s.superseded_at IS NULL AS is_active
    FROM ledger_slice s LEFT JOIN ledger_billingscope b ON b.id = s.billing_scope_id
    WHERE NOT EXISTS (SELECT FROM attribution_dirty d WHERE d.what = 'slice' AND d.ref = s.id::text)
)
"""


def cells_hold_their_charges() -> Iterator[Violation]:
    """The cells of a booked charge sum to its nanos; a charge that is not booked has no cells."""
    yield from rows_of_one_pass(
        f"""
        {SLICES}, paid AS MATERIALIZED (
            SELECT charged_on, charge_id, currency, sum(billed_nanos) AS billed,
                   sum(effective_nanos) AS effective, count(*) AS cells
            FROM attribution_cell WHERE charge_id IS NOT NULL
            GROUP BY charged_on, charge_id, currency
        )
        """,
        {
            "cells_of_charge": ("the cells of a charge do not sum to what it books", OTHER_SUM),
            "cell_of_unbooked_charge": ("a charge that books no money has cells", NOT_BOOKED),
        },
    )


OTHER_SUM = """
WITH booked AS (
    SELECT c.charged_on, c.id, c.billing_currency, s.import_id, c.line,
           c.billed_nanos AS billed, c.effective_nanos AS effective
    FROM ledger_charge c JOIN slices s ON s.id = c.slice_id AND s.is_booked
)
SELECT format('charge %s/%s (import %s, line %s), %s in %s', b.charged_on, b.id,
              b.import_id, b.line, v.name, b.billing_currency), v.expected, v.found
FROM booked b LEFT JOIN paid p
  ON (p.charged_on, p.charge_id, p.currency) = (b.charged_on, b.id, b.billing_currency)
CROSS JOIN LATERAL (VALUES
    ('billed nanos', b.billed, coalesce(p.billed, 0)),
    ('effective nanos', b.effective, coalesce(p.effective, 0))) v(name, expected, found)
WHERE (b.billed, b.effective) <> (coalesce(p.billed, 0), coalesce(p.effective, 0))
  AND v.expected <> v.found
"""
NOT_BOOKED = """
SELECT format('charge %s/%s (slice %s), %s', p.charged_on, p.charge_id,
              coalesce(c.slice_id::text, 'none'), p.currency), 0::bigint, p.cells
FROM paid p
LEFT JOIN ledger_charge c ON (c.charged_on, c.id) = (p.charged_on, p.charge_id)
LEFT JOIN slices s ON s.id = c.slice_id
WHERE c.id IS NULL OR NOT s.is_booked OR p.currency <> c.billing_currency
"""


def cells_stand_on_active_usage() -> Iterator[Violation]:
    """No cell of a usage row that is gone or was superseded."""
    yield from rows_that_differ(
        "cell_of_old_usage",
        "a cell stands on a usage row that is gone or superseded",
        """
        WITH old AS (
            SELECT s.id FROM ledger_slice s
            WHERE s.superseded_at IS NOT NULL AND NOT EXISTS (
                SELECT FROM attribution_dirty d WHERE d.what = 'slice' AND d.ref = s.id::text)
        )
        SELECT format('cell %s, usage %s/%s', c.id, c.occurred_on, c.usage_id), 'active', 'not'
        FROM attribution_cell c
        WHERE c.usage_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM ledger_usage u
            WHERE (u.id, u.occurred_on) = (c.usage_id, c.occurred_on)
              AND u.slice_id NOT IN (SELECT id FROM old))
        """,
    )


def provisional_cells_have_no_bill() -> Iterator[Violation]:
    """No provisional cell of usage that a bill of its source covers."""
    yield from rows_that_differ(
        "provisional_despite_bill",
        "cells are provisional though their bill has come",
        f"""
        WITH {SLICES}, billed AS (
            SELECT s.source_id, max(c.charge_period_end) AS until
            FROM ledger_charge c JOIN slices s ON s.id = c.slice_id
            WHERE s.is_booked AND c.charge_category = 'Usage' GROUP BY s.source_id
        )
        SELECT format('source %s, %s, billed until %s', p.source_id, p.day, b.until), 0::bigint,
               count(*)
        FROM attribution_cell p JOIN billed b USING (source_id)
        WHERE p.is_provisional AND p.at < b.until
        GROUP BY p.source_id, p.day, b.until
        """,
    )


# Of a cell's row alone, in the order of `cells_of_wrong_shape` and `cells_converted_otherwise`.
# The pass of `allocations` over all cells counts them; what it counts is then named.
WRONG_SHAPE = "is_provisional <> (charge_id IS NULL) OR (is_provisional AND usage_id IS NULL)"
WRONG_RATE = """
CASE WHEN currency = (SELECT reporting_currency FROM people_organisation LIMIT 1)
     THEN (reporting_billed_nanos, reporting_effective_nanos)
          IS DISTINCT FROM (billed_nanos, effective_nanos)
     WHEN fx_rate IS NULL
     THEN reporting_billed_nanos IS NOT NULL OR reporting_effective_nanos IS NOT NULL
     ELSE (abs(billed_nanos * fx_rate - reporting_billed_nanos) <= 1
           AND abs(effective_nanos * fx_rate - reporting_effective_nanos) <= 1) IS NOT TRUE END
"""


def cells_of_wrong_shape() -> Iterator[Violation]:
    """A cell stands on a charge, or it is provisional and stands on usage."""
    yield from rows_that_differ(
        "provisional_shape",
        "a cell must stand on a charge, or be provisional and stand on usage",
        f"""
        SELECT format('cell %s of %s', id, day),
               CASE WHEN is_provisional THEN 'usage without charge' ELSE 'a charge' END,
               format('charge %s, usage %s', coalesce(charge_id::text, 'none'),
                      coalesce(usage_id::text, 'none'))
        FROM attribution_cell WHERE {WRONG_SHAPE}
        """,
    )


def cells_converted_otherwise() -> Iterator[Violation]:
    """Amounts in the reporting currency follow the day's rate; without a rate they are unknown."""
    yield from rows_that_differ(
        "cell_converted",
        "the amount in the reporting currency does not follow the rate",
        """
        SELECT format('cell %s of %s, %s %s at %s', c.id, c.day, v.name, c.currency,
                      coalesce(c.fx_rate::text, 'no rate')),
               CASE WHEN c.currency = o.reporting_currency THEN v.amount::numeric
                    ELSE round(v.amount * c.fx_rate) END, v.reporting::numeric
        FROM attribution_cell c CROSS JOIN people_organisation o
        CROSS JOIN LATERAL (VALUES
            ('billed nanos', c.billed_nanos, c.reporting_billed_nanos),
            ('effective nanos', c.effective_nanos, c.reporting_effective_nanos))
            v(name, amount, reporting)
        WHERE CASE WHEN c.currency = o.reporting_currency THEN v.reporting IS DISTINCT FROM v.amount
                   WHEN c.fx_rate IS NULL THEN v.reporting IS NOT NULL
                   ELSE abs(v.amount * c.fx_rate - v.reporting) <= 1 IS NOT TRUE END
        """,
    )
