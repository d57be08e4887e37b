-- One bill. Over several months it is billed where it begins and used up month by month, by days.
WITH bill AS (
    SELECT
        _line,
        doc,
        trim(doc->>'amount') AS written,
        CASE WHEN starts_with(written, '-') THEN -1 ELSE 1 END AS sign,
        price_nanos(ltrim(written, '-')) AS nanos,
        try_cast(doc->>'period_start' AS DATE) AS starts,
        try_cast(doc->>'period_end' AS DATE) AS ends
    FROM raw
),
used AS (
    SELECT
        *,
        greatest(starts, piece) AS from_day,
        least(ends, (piece + INTERVAL 1 MONTH)::DATE) AS to_day
    FROM (
        SELECT *, (date_trunc('month', starts) + to_months(k))::DATE AS piece
        FROM (SELECT *, unnest(range(0, date_diff('month', starts, ends) + 1)) AS k FROM bill)
    )
    WHERE starts < ends AND greatest(starts, piece) < least(ends, (piece + INTERVAL 1 MONTH)::DATE)
),
pieces AS (
    SELECT *, count(*) OVER (PARTITION BY _line) > 1 AS is_spread FROM used
),
line AS (
    SELECT
        _line, doc, coalesce(from_day, starts) AS from_day, to_day,
        CASE WHEN is_spread THEN '0' ELSE written END AS billed,
        CASE
            WHEN is_spread THEN nanos_text(sign * (part_of(nanos, date_diff('day', starts, to_day), date_diff('day', starts, ends))
                - part_of(nanos, date_diff('day', starts, from_day), date_diff('day', starts, ends))))
            ELSE written
        END AS effective,
        CASE WHEN is_spread THEN 'used' ELSE 'bill' END AS what
    FROM pieces
    UNION ALL
    SELECT DISTINCT _line, doc, starts, ends, written, '0', 'bill' FROM pieces WHERE is_spread
    UNION ALL
    -- What cannot be read keeps its words and is refused.
    SELECT _line, doc, starts, ends, CASE WHEN starts >= ends THEN written || ' for no day' ELSE written END, written, 'bill'
    FROM bill WHERE starts IS NULL OR ends IS NULL OR starts >= ends
)
SELECT
    _line AS line,
    clean(doc->>'vendor') AS invoice_issuer_name,
    coalesce(nullif(trim(doc->>'account'), ''), 'bills') AS billing_account_id,
    doc->>'currency' AS billing_currency,
    strftime(date_trunc('month', from_day), '%Y-%m-%d') AS billing_period_start,
    strftime(date_trunc('month', from_day) + INTERVAL 1 MONTH, '%Y-%m-%d') AS billing_period_end,
    strftime(from_day, '%Y-%m-%d') AS charge_period_start,
    strftime(to_day, '%Y-%m-%d') AS charge_period_end,
    billed AS billed_cost,
    effective AS effective_cost,
    CASE WHEN starts_with(trim(doc->>'amount'), '-') THEN 'Credit' ELSE 'Purchase' END AS charge_category,
    doc->>'description' AS charge_description,
    'One-Time' AS charge_frequency,
    doc->>'number' AS invoice_id,
    clean(doc->>'vendor') AS provider_name,
    'AI and Machine Learning' AS service_category,
    doc->>'description' AS service_name,
    what AS sku_price_id,
    concat_ws('/', clean(doc->>'vendor'), doc->>'number') AS resource_id,
    actor_of(doc->>'person') AS actor,
    nullif(doc->>'team', '') AS team,
    json_object('note', doc->>'note')::VARCHAR AS extras
FROM line
