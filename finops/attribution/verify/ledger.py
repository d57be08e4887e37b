"""The facts among themselves: charges, their slices, their scopes."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import connection

from finops.attribution.verify.violation import Violation, differ, rows_that_differ
from finops.ledger.models import Slice
from finops.money import NANO_DIGITS, to_nanos

SUMS = """
SELECT slice_id, billing_currency, count(*), sum(billed_cost), sum(effective_cost),
       sum(billed_nanos), sum(effective_nanos)
FROM ledger_charge GROUP BY slice_id, billing_currency
"""


def slices_hold_their_charges() -> Iterator[Violation]:
    """Charges add up to their slice's totals, and to whole nanos rounded once per currency."""
    sums: dict[int, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(SUMS)
        for slice_id, currency, *amounts in cursor.fetchall():
            sums.setdefault(slice_id, {})[currency] = amounts
    for part in Slice.objects.filter(table="charge").order_by("id").iterator():
        yield from _slice(part, sums.pop(part.pk, {}))
    for slice_id, by_currency in sums.items():  # the database does not tie a row to its slice
        rows = sum(amounts[0] for amounts in by_currency.values())
        yield differ("slice_missing", "charges stand in no slice", f"slice {slice_id}", 0, rows)


def _slice(part: Slice, by_currency: dict[str, Any]) -> Iterator[Violation]:
    place = f"slice {part.pk} ({part.key}) of import {part.imp_id}"
    rows = sum(amounts[0] for amounts in by_currency.values())
    if rows != part.rows:
        yield differ("slice_rows", "a slice has lost or gained charges", place, part.rows, rows)
    for currency in sorted(by_currency.keys() | part.totals.keys()):
        where = f"{place} {currency}"
        none = (0, Decimal(0), Decimal(0), 0, 0)
        _, billed, effective, billed_nanos, effective_nanos = by_currency.get(currency, none)
        stated = Decimal(part.totals.get(currency, "0"))
        if stated != billed:
            what = "charges do not add up to the slice's total"
            yield differ("slice_total", what, where, stated, billed)
        for column, amount, nanos in (
            ("billed", billed, billed_nanos),
            ("effective", effective, effective_nanos),
        ):
            if not amount.is_finite() or to_nanos(amount) != nanos:
                expected = to_nanos(amount) if amount.is_finite() else amount
                what = f"{column} nanos are not the sum rounded once at {NANO_DIGITS} decimals"
                yield differ("slice_nanos", what, where, expected, nanos)


def slices_hold_their_usage() -> Iterator[Violation]:
    """The usage rows of a slice stand for as many lines of its log as the slice says."""
    yield from rows_that_differ(
        "usage_lines",
        "a slice has lost or gained lines of its log",
        """
        WITH booked AS (SELECT slice_id, sum(lines)::bigint AS lines FROM ledger_usage GROUP BY 1)
        SELECT format('slice %s (%s) of import %s', coalesce(s.id, b.slice_id),
                      coalesce(s.key, 'missing'), coalesce(s.import_id, 0)),
               coalesce(s.rows, 0), coalesce(b.lines, 0)
        FROM (SELECT * FROM ledger_slice WHERE "table" = 'usage') s
        FULL JOIN booked b ON b.slice_id = s.id
        WHERE s.rows IS DISTINCT FROM coalesce(b.lines, 0)
        """,
    )


# The slices of an import: its own, and equal ones that stood already when it came.
ITS_SLICES = "(s.import_id = i.id OR i.preview->'unchanged_slices' @> to_jsonb(s.id))"


def imports_hold_their_slices() -> Iterator[Violation]:
    """What an import says it booked stands in its slices, or in equal ones that stood already."""
    yield from rows_that_differ(
        "import_slice_rows",
        "the slices of an import do not hold as many rows as it says",
        f"""
        SELECT format('import %s (%s)', i.id, i.filename), i.rows, s.rows
        FROM ledger_import i,
             LATERAL (SELECT sum(s.rows)::bigint + coalesce((i.preview->>'merged_rows')::bigint, 0) AS rows
                      FROM ledger_slice s WHERE {ITS_SLICES}) s
        WHERE i.state = 'loaded' AND s.rows <> i.rows
        ORDER BY i.id
        """,
    )
    yield from rows_that_differ(
        "import_slices",
        "the slices of an import do not add up to its total",
        f"""
        SELECT format('import %s (%s) %s', i.id, i.filename, t.key), t.value::numeric, s.total
        FROM ledger_import i, jsonb_each_text(i.totals) t,
             LATERAL (SELECT coalesce(sum((s.totals->>t.key)::numeric), 0) AS total
                      FROM ledger_slice s
                      WHERE s."table" = 'charge' AND {ITS_SLICES}) s
        WHERE i.state = 'loaded' AND s.total <> t.value::numeric
        ORDER BY i.id
        """,
    )


def slices_are_active_once() -> Iterator[Violation]:
    yield from rows_that_differ(
        "slice_active_once",
        "several versions of the same part are active",
        """
        SELECT format('source %s, %s %s', source_id, "table", key), 1::bigint, count(*)
        FROM ledger_slice WHERE superseded_at IS NULL
        GROUP BY source_id, "table", key HAVING count(*) > 1
        """,
    )


def scopes_have_one_feed() -> Iterator[Violation]:
    """A vendor account and billing period has one scope, and every active bill is in it."""
    yield from rows_that_differ(
        "scope_feed",
        "a billing scope has several money feeds",
        """
        SELECT format('%s, account %s, from %s, bill %s', invoice_issuer_name, billing_account_id,
                      billing_period_start, bill), 1::bigint, count(*)
        FROM ledger_billingscope
        GROUP BY invoice_issuer_name, billing_account_id, billing_period_start, bill
        HAVING count(*) > 1
        """,
    )
    yield from rows_that_differ(
        "scope_missing",
        "an active bill belongs to no billing scope, so nobody decides whether it is money",
        """
        SELECT format('slice %s (%s) of import %s', id, key, import_id), 'a scope', 'none'
        FROM ledger_slice
        WHERE "table" = 'charge' AND superseded_at IS NULL AND rows > 0 AND billing_scope_id IS NULL
        """,
    )
    yield from rows_that_differ(
        "scope_unfed",
        "an account and month has bills, but none of them is its money",
        """
        SELECT format('%s, account %s, from %s, bill %s', b.invoice_issuer_name,
                      b.billing_account_id, b.billing_period_start, b.bill),
               format('a bill of source %s, document %s', b.feed_id, b.feed_document), 'others'
        FROM ledger_billingscope b
        JOIN ledger_slice s ON s.billing_scope_id = b.id AND s."table" = 'charge'
             AND s.superseded_at IS NULL AND s.rows > 0
        GROUP BY b.id
        HAVING NOT bool_or((s.source_id, s.document) = (b.feed_id, b.feed_document))
        """,
    )
    yield from rows_that_differ(
        "scope_charges",
        "charges stand in the slice of another account or billing period",
        """
        SELECT format('slice %s (%s) of import %s', s.id, s.key, s.import_id), 0::bigint,
               count(*)
        FROM ledger_charge c JOIN ledger_slice s ON s.id = c.slice_id
        JOIN ledger_billingscope b ON b.id = s.billing_scope_id
        WHERE (c.invoice_issuer_name, c.billing_account_id,
               (c.billing_period_start AT TIME ZONE 'UTC')::date)
           IS DISTINCT FROM
              (b.invoice_issuer_name, b.billing_account_id, b.billing_period_start)
        GROUP BY s.id
        """,
    )


def nanos_follow_charges() -> Iterator[Violation]:
    """Each charge is booked within one nano of its own amount."""
    yield from rows_that_differ(
        "charge_nanos",
        "a charge is booked a nano or more away from its amount",
        """
        SELECT format('charge %s/%s (slice %s, line %s), %s', charged_on, id, slice_id, line,
                      v.name), round(v.amount * 1000000000), v.nanos
        FROM ledger_charge
        CROSS JOIN LATERAL (VALUES ('billed', billed_cost, billed_nanos),
                                   ('effective', effective_cost, effective_nanos))
                   v(name, amount, nanos)
        WHERE NOT (abs(v.amount * 1000000000 - v.nanos) <= 1)
        """,
    )
