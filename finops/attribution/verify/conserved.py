"""From the bill to what pages read: per day, vendor and currency nothing is lost on the way."""

from collections.abc import Iterator

from finops.attribution.models import Dirty
from finops.attribution.verify.violation import Violation, rows_that_differ


def days_hold_their_charges() -> Iterator[Violation]:
    """Money of teams plus money of no team is what the bills booked.

    Per day; days that a longer charge covers are taken together, because its usage decides how
    much of it falls on which day. Left out while bills wait for settle.
    """
    if Dirty.objects.filter(what="slice").exists():
        return
    yield from rows_that_differ(
        "day_vendor",
        "the money of teams and of no team is not what the bills booked",
        """
        WITH span AS (
            SELECT coalesce(nullif(c.provider_name, ''), c.invoice_issuer_name) AS vendor,
                   c.billing_currency AS currency, c.charged_on AS first,
                   greatest(c.charged_on, (c.charge_period_end - interval '1 us')::date) AS last,
                   sum(c.billed_nanos) AS billed, sum(c.effective_nanos) AS effective
            FROM ledger_charge c
            JOIN ledger_slice s ON s.id = c.slice_id AND s.superseded_at IS NULL
            JOIN ledger_billingscope b ON b.id = s.billing_scope_id
             AND (b.feed_id, b.feed_document) = (s.source_id, s.document)
            GROUP BY 1, 2, 3, 4
        ), marked AS (
            SELECT *, (first <= max(last) OVER (PARTITION BY vendor, currency ORDER BY first, last
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) IS NOT TRUE AS begins
            FROM span
        ), numbered AS (
            SELECT *, count(*) FILTER (WHERE begins)
                OVER (PARTITION BY vendor, currency ORDER BY first, last) AS number
            FROM marked
        ), booked AS (
            SELECT vendor, currency, min(first) AS first, max(last) AS last, sum(billed) AS billed,
                   sum(effective) AS effective
            FROM numbered GROUP BY vendor, currency, number
        ), paid AS (
            SELECT vendor, currency, day, sum(billed_nanos) AS billed,
                   sum(effective_nanos) AS effective
            FROM attribution_spendday WHERE NOT is_provisional GROUP BY vendor, currency, day
        ), compared AS (
            SELECT coalesce(b.vendor, p.vendor) AS vendor, coalesce(b.currency, p.currency) AS currency,
                   coalesce(b.first, min(p.day)) AS first, coalesce(b.last, max(p.day)) AS last,
                   coalesce(b.billed, 0) AS billed, coalesce(b.effective, 0) AS effective,
                   coalesce(sum(p.billed), 0) AS paid_billed,
                   coalesce(sum(p.effective), 0) AS paid_effective
            FROM booked b
            FULL JOIN paid p ON (p.vendor, p.currency) = (b.vendor, b.currency)
                 AND p.day BETWEEN b.first AND b.last
            GROUP BY b.vendor, p.vendor, b.currency, p.currency, b.first, b.last, b.billed, b.effective,
                     CASE WHEN b.first IS NULL THEN p.day END
        )
        SELECT format('%s to %s, %s, %s %s', first, last, vendor, v.name, currency), v.expected, v.found
        FROM compared CROSS JOIN LATERAL (VALUES
            ('billed nanos', billed, paid_billed),
            ('effective nanos', effective, paid_effective)) v(name, expected, found)
        WHERE v.expected <> v.found
        """,
    )
