-- Bills by day, as an invoice counts them, and by what usage can be held against; usage at list
-- price by meter with the bill that pays for it. Done again for bills and days that were touched.
CREATE TEMP TABLE touched_bill ON COMMIT DROP AS
SELECT date_trunc('month', c.billing_period_start)::date AS month, s.source_id
FROM (SELECT DISTINCT charged_on, id FROM touched_charge) t
JOIN ledger_charge c ON c.charged_on = t.charged_on AND c.id = t.id
JOIN ledger_slice s ON s.id = c.slice_id
UNION
SELECT date_trunc('month', b.billing_period_start)::date, s.source_id
FROM ledger_slice s JOIN ledger_billingscope b ON b.id = s.billing_scope_id
WHERE s."table" = 'charge' AND s.superseded_at IS NULL AND NOT EXISTS (
    SELECT FROM attribution_billday d
    WHERE d.month = date_trunc('month', b.billing_period_start)::date AND d.source_id = s.source_id);

-- A line that says exactly what an earlier line of its slice says is a repeat.
CREATE TEMP TABLE bill_line ON COMMIT DROP AS
SELECT t.month, t.source_id, (b.feed_id, b.feed_document) = (s.source_id, s.document) AS is_booked, c.charged_on, c.id, c.invoice_issuer_name,
       c.billing_account_id, c.invoice_id, c.charge_category, c.charge_class, c.billing_currency, c.charge_period_start,
       c.charge_period_start < c.billing_period_start OR c.charge_period_start >= c.billing_period_end AS is_outside,
       lower(c.model) AS model, c.meter,
       CASE WHEN lower(c.service_tier) IN ('standard', 'default') THEN '' WHEN c.service_tier <> '' THEN lower(c.service_tier)
            ELSE coalesce(substring(lower(concat_ws(' ', c.sku_meter, c.sku_id, c.charge_description)) FROM '\m(batch|flex|priority)\M'), '')
       END AS service_tier,
       c.list_cost, coalesce(c.contracted_cost, c.billed_cost) AS contracted_cost,
       c.consumed_quantity * CASE lower(c.consumed_unit)
           WHEN 'token' THEN 1 WHEN 'tokens' THEN 1
           WHEN '1000 tokens' THEN 1000 WHEN '1k tokens' THEN 1000 WHEN 'thousand tokens' THEN 1000
           WHEN '1000000 tokens' THEN 1000000 WHEN '1m tokens' THEN 1000000 WHEN 'million tokens' THEN 1000000
       END AS tokens,
       c.billed_nanos, c.effective_nanos,
       row_number() OVER (
           PARTITION BY c.slice_id, md5(ROW(
               c.charge_period_start, c.charge_period_end, c.billed_cost, c.effective_cost, c.list_cost, c.contracted_cost,
               c.charge_category, c.charge_class, c.charge_description, c.consumed_quantity, c.pricing_quantity, c.sku_id,
               c.sku_price_id, c.sku_meter, c.meter, c.service_tier, c.model, c.service_name, c.sub_account_id,
               c.resource_id, c.region_id, c.invoice_id, c.actor, c.api_key, c.session, c.pr, c.tags, c.extras)::text)
           ORDER BY c.line, c.id) > 1 AS is_repeat
FROM touched_bill t
JOIN ledger_slice s ON s.source_id = t.source_id AND s."table" = 'charge' AND s.superseded_at IS NULL
JOIN ledger_billingscope b ON b.id = s.billing_scope_id AND date_trunc('month', b.billing_period_start)::date = t.month
JOIN ledger_charge c ON c.slice_id = s.id;
ANALYZE bill_line;

DELETE FROM attribution_billday d USING touched_bill t WHERE d.month = t.month AND d.source_id = t.source_id;
INSERT INTO attribution_billday (month, source_id, issuer, billing_account_id, invoice_id, charge_category, day, currency,
    is_booked, lines, billed_nanos, effective_nanos, repeats, repeated_nanos)
SELECT month, source_id, invoice_issuer_name, billing_account_id, invoice_id, charge_category, charge_period_start::date,
       billing_currency, is_booked, count(*), sum(billed_nanos), sum(effective_nanos), count(*) FILTER (WHERE is_repeat),
       coalesce(sum(billed_nanos) FILTER (WHERE is_repeat), 0)
FROM bill_line
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;

-- Seen: some usage row paid for with the line. Logs know no requests, searches or seats.
DELETE FROM attribution_billmonth d USING touched_bill t WHERE d.month = t.month AND d.source_id = t.source_id;
INSERT INTO attribution_billmonth (month, source_id, issuer, currency, charge_category, standing, model, meter, service_tier,
    is_listed, is_counted, is_repeat, lines, billed_nanos, listed, contracted, tokens)
SELECT month, source_id, invoice_issuer_name, billing_currency, charge_category, standing, model, meter, service_tier,
       list_cost IS NOT NULL, tokens IS NOT NULL, is_repeat, count(*), sum(billed_nanos), coalesce(sum(list_cost), 0),
       coalesce(sum(contracted_cost) FILTER (WHERE list_cost IS NOT NULL), 0), coalesce(sum(tokens), 0)
FROM (
    SELECT b.*, CASE WHEN b.charge_category <> 'Usage' THEN ''
                     WHEN b.charge_class = 'Correction' THEN 'correction' WHEN b.is_outside THEN 'outside'
                     WHEN b.meter IN ('', 'input', 'cached_input', 'cache_write', 'output') AND EXISTS (
                         SELECT FROM attribution_cell c
                         WHERE c.charge_id = b.id AND c.charged_on = b.charged_on AND c.usage_id IS NOT NULL) THEN 'seen'
                     ELSE 'unseen' END AS standing
    FROM bill_line b WHERE b.is_booked
) b
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12;

-- Usage by meter. A row's list price is shared over its meters as the price book shares it; when it
-- cannot tell, the row stays whole. Usage that a seat pays for is not billed by tokens.
CREATE TEMP TABLE metered ON COMMIT DROP AS
SELECT e.occurred_on, e.id, e.scope_source_id AS source_id, e.list_currency, e.model,
       CASE WHEN lower(e.service_tier) IN ('standard', 'default') THEN '' ELSE lower(e.service_tier) END AS service_tier,
       m.meter, CASE WHEN m.meter IN ('input', 'cached_input', 'cache_write') THEN 'in' ELSE m.meter END AS family,
       e.factor * m.tokens AS tokens, e.factor * m.listed AS listed
FROM (
    SELECT *, (coalesce(input_tokens, 0) > 0)::int + (coalesce(cached_input_tokens, 0) > 0)::int
               + (coalesce(cache_write_tokens, 0) > 0)::int + (coalesce(output_tokens, 0) > 0)::int AS meters,
           coalesce(input_list_cost, 0) + coalesce(cached_input_list_cost, 0) + coalesce(cache_write_list_cost, 0)
               + coalesce(output_list_cost, 0) AS parts,
           NOT (coalesce(input_tokens, 0) > 0 AND input_list_cost IS NULL
                OR coalesce(cached_input_tokens, 0) > 0 AND cached_input_list_cost IS NULL
                OR coalesce(cache_write_tokens, 0) > 0 AND cache_write_list_cost IS NULL
                OR coalesce(output_tokens, 0) > 0 AND output_list_cost IS NULL) AS is_parted
    FROM evidence WHERE scope_source_id IS NOT NULL AND NOT is_paid_by_seat
) e
CROSS JOIN LATERAL (
    SELECT meter, tokens, CASE WHEN e.list_cost IS NULL THEN NULL WHEN e.meters = 1 THEN e.list_cost
                               WHEN e.list_cost = e.parts THEN listed ELSE listed * e.list_cost / e.parts END AS listed
    FROM (VALUES ('input', e.input_tokens, e.input_list_cost), ('cached_input', e.cached_input_tokens, e.cached_input_list_cost),
                 ('cache_write', e.cache_write_tokens, e.cache_write_list_cost), ('output', e.output_tokens, e.output_list_cost))
         v(meter, tokens, listed)
    WHERE tokens > 0 AND (e.list_cost IS NULL OR e.meters = 1 OR e.is_parted AND e.parts > 0)
    UNION ALL
    SELECT '', e.tokens, e.list_cost
    WHERE e.meters = 0 AND e.list_cost <> 0 OR e.meters > 1 AND e.list_cost IS NOT NULL AND NOT (e.is_parted AND e.parts > 0)
) m;
ANALYZE metered;

-- The bill that pays for a row: its cells tell. What is worth less than a nano has none of its own.
CREATE TEMP TABLE paying ON COMMIT DROP AS
SELECT c.occurred_on, c.usage_id, CASE WHEN c.meter IN ('input', 'cached_input', 'cache_write') THEN 'in' ELSE c.meter END AS family,
       max(date_trunc('month', b.billing_period_start)) FILTER (WHERE b.is_inside)::date AS month,
       max(b.invoice_issuer_name) FILTER (WHERE b.is_inside) AS issuer, bool_or(NOT b.is_inside) AS is_outside
FROM (SELECT DISTINCT occurred_on, id FROM metered) u
JOIN attribution_cell c ON c.usage_id = u.id AND c.occurred_on = u.occurred_on AND c.charge_id IS NOT NULL
CROSS JOIN LATERAL (
    SELECT h.billing_period_start, h.invoice_issuer_name,
           h.charge_period_start >= h.billing_period_start AND h.charge_period_start < h.billing_period_end AS is_inside
    FROM ledger_charge h WHERE h.charged_on = c.charged_on AND h.id = c.charge_id
) b
GROUP BY 1, 2, 3;
ANALYZE paying;

CREATE TEMP TABLE stale_meter_month (month date, source_id bigint) ON COMMIT DROP;
WITH gone AS (
    DELETE FROM attribution_meterday d USING touched_scope_day t
    WHERE t.scope_key = 'source:' || d.source_id AND t.day = d.day RETURNING d.month, d.source_id
)
INSERT INTO stale_meter_month SELECT DISTINCT month, source_id FROM gone;

WITH paid AS (
    SELECT m.*, max(p.month) AS month, max(p.issuer) AS issuer, bool_or(p.is_outside) AS is_outside
    FROM metered m
    LEFT JOIN paying p ON p.occurred_on = m.occurred_on AND p.usage_id = m.id
                      AND (p.family IN ('', m.family) OR m.family = '' AND p.family IN ('in', 'output'))
    GROUP BY m.occurred_on, m.id, m.source_id, m.list_currency, m.model, m.service_tier, m.meter, m.family, m.tokens, m.listed
), found AS (
    SELECT *, coalesce(month, CASE WHEN round(coalesce(listed, 0) * 1000000000) = 0 THEN max(month) OVER slice END) AS paid_month,
           coalesce(issuer, CASE WHEN round(coalesce(listed, 0) * 1000000000) = 0 THEN max(issuer) OVER slice END, '') AS paid_issuer
    FROM paid WINDOW slice AS (PARTITION BY source_id, occurred_on, model, family)
), made AS (
    INSERT INTO attribution_meterday (day, month, source_id, issuer, currency, standing, model, meter, service_tier, tokens, listed,
        unpriced_tokens)
    SELECT occurred_on, coalesce(paid_month, date_trunc('month', occurred_on)::date), source_id, paid_issuer, list_currency,
           CASE WHEN paid_month IS NOT NULL THEN 'billed' WHEN is_outside THEN 'outside' ELSE 'unbilled' END,
           model, meter, service_tier, coalesce(sum(tokens) FILTER (WHERE listed IS NOT NULL), 0), coalesce(sum(listed), 0),
           coalesce(sum(tokens) FILTER (WHERE listed IS NULL), 0)
    FROM found
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    RETURNING month, source_id
)
INSERT INTO stale_meter_month SELECT DISTINCT month, source_id FROM made;

-- What no bill pays for waits until the bill has come so far.
WITH told AS (
    UPDATE attribution_meterday d SET standing = s.standing
    FROM billed_source b
    CROSS JOIN (VALUES ('waiting'), ('unbilled')) s(standing)
    WHERE d.source_id = b.source_id AND d.standing IN ('waiting', 'unbilled') AND d.standing <> s.standing
      AND s.standing = CASE WHEN d.day >= b.billed_until::date THEN 'waiting' ELSE 'unbilled' END
    RETURNING d.month, d.source_id
)
INSERT INTO stale_meter_month SELECT DISTINCT month, source_id FROM told;

DELETE FROM attribution_metermonth d USING stale_meter_month t WHERE d.month = t.month AND d.source_id = t.source_id;
INSERT INTO attribution_metermonth (month, source_id, issuer, currency, standing, model, meter, service_tier, tokens, listed,
    unpriced_tokens)
SELECT d.month, d.source_id, d.issuer, d.currency, d.standing, d.model, d.meter, d.service_tier, sum(d.tokens), sum(d.listed),
       sum(d.unpriced_tokens)
FROM (SELECT DISTINCT month, source_id FROM stale_meter_month) t
JOIN attribution_meterday d ON d.month = t.month AND d.source_id = t.source_id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
