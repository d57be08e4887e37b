-- One charge per invoiced line; what the plan includes is one of nothing per day, person and model.
WITH line AS (
    SELECT
        *,
        trim("Date") AS moment,
        nullif(lower(trim("User")), '') AS who,
        trim("Model") AS of_model,
        cursor_is_invoiced("Kind", NULL) AS is_invoiced,
        cursor_cost("Cost") AS dollars
    FROM raw
),
bill AS (
    SELECT
        _line, moment, who, "Kind" AS kind, of_model, is_invoiced, 1 AS events, dollars, dollars AS listed,
        "Cost" AS written, _extras,
        date_trunc('hour', utc(moment)) AS starts, starts + INTERVAL 1 HOUR AS ends
    FROM line WHERE is_invoiced
    UNION ALL
    SELECT
        min(_line), min(moment), who, 'Included', of_model, false, count(*),
        '0', sum(try_cast(dollars AS DECIMAL(38, 24)))::VARCHAR, NULL, NULL,
        date_trunc('day', utc(moment)) AS starts, starts + INTERVAL 1 DAY AS ends
    FROM line WHERE NOT is_invoiced GROUP BY who, of_model, starts
)
SELECT
    _line AS line,
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
    concat_ws(', ', kind, of_model) AS charge_description,
    'Usage-Based' AS charge_frequency,
    events::VARCHAR AS consumed_quantity,
    'events' AS consumed_unit,
    'Cursor' AS provider_name,
    'AI and Machine Learning' AS service_category,
    'Cursor' AS service_name,
    'cursor' AS provider,
    who AS actor,
    of_model AS model,
    json_object('kind', kind, 'cost', written)::VARCHAR AS extras
FROM bill CROSS JOIN source_facts
