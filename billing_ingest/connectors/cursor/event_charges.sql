-- One charge per event that is invoiced. What the plan includes is one charge of nothing per day,
-- person and model: so it is seen at list price, and a day whose events all come to be included
-- still replaces itself. An event has no id: equal ones of one page are several, of two pages one.
WITH event AS (
    SELECT
        unnest(events) AS event,
        generate_subscripts(events, 1) AS e,
        _line
    FROM (SELECT doc->'$.usageEvents[*]' AS events, _line FROM raw)
),
numbered AS (
    SELECT
        *,
        row_number() OVER (ORDER BY _line, e) AS line,
        concat_ws('|', lower(trim(event->>'userEmail')), event->>'timestamp', event->>'model') AS named
    FROM event
),
counted AS (
    SELECT *, row_number() OVER (PARTITION BY _line, named ORDER BY e) AS occurrence FROM numbered
),
once AS (
    SELECT
        *,
        cursor_time(event->>'timestamp') AS moment,
        lower(trim(event->>'userEmail')) AS who,
        coalesce(event->>'kind', event->>'kindLabel') AS kind,
        cents_in_dollars(event->>'chargedCents') AS dollars,
        cursor_is_invoiced(kind, event->>'isChargeable') AS is_invoiced
    FROM counted
    QUALIFY row_number() OVER (PARTITION BY named, occurrence ORDER BY _line DESC) = 1
),
bill AS (
    SELECT
        line, moment, who, kind, event->>'model' AS model, true AS is_invoiced, 1 AS events,
        dollars, dollars AS listed, event->>'cursorTokenFee' AS fee,
        date_trunc('hour', try_cast(moment AS TIMESTAMP)) AS starts, starts + INTERVAL 1 HOUR AS ends
    FROM once WHERE is_invoiced
    UNION ALL
    SELECT
        min(line), min(moment), who, 'Included', event->>'model' AS model, false, count(*),
        '0', sum(try_cast(dollars AS DECIMAL(38, 24)))::VARCHAR, NULL,
        try_cast(left(moment, 10) AS TIMESTAMP) AS starts, starts + INTERVAL 1 DAY AS ends
    FROM once WHERE NOT is_invoiced GROUP BY who, model, left(moment, 10)
)
SELECT
    line,
    'Cursor' AS invoice_issuer_name,
    cursor_account(config, source_key) AS billing_account_id,
    'USD' AS billing_currency,
    strftime(date_trunc('month', starts), '%Y-%m-%dT00:00:00Z') AS billing_period_start,
    strftime(date_trunc('month', starts) + INTERVAL 1 MONTH, '%Y-%m-%dT00:00:00Z') AS billing_period_end,
    coalesce(strftime(starts, '%Y-%m-%dT%H:%M:%SZ'), moment) AS charge_period_start,
    strftime(ends, '%Y-%m-%dT%H:%M:%SZ') AS charge_period_end,
    coalesce(dollars, '0') AS billed_cost,
    coalesce(dollars, '0') AS effective_cost,
    listed AS list_cost,
    'Usage' AS charge_category,
    concat_ws(', ', kind, model) AS charge_description,
    'Usage-Based' AS charge_frequency,
    events::VARCHAR AS consumed_quantity,
    'events' AS consumed_unit,
    'Cursor' AS provider_name,
    'AI and Machine Learning' AS service_category,
    'Cursor' AS service_name,
    'cursor' AS provider,
    who AS actor,
    model,
    json_object('kind', kind, 'cursor_token_fee_in_cents_inside', fee)::VARCHAR AS extras
FROM bill CROSS JOIN source_facts
