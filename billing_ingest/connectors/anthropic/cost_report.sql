-- One charge per result of a daily bucket. Amounts come as text, in cents.
WITH bucket AS (
    SELECT unnest(buckets) AS bucket, generate_subscripts(buckets, 1) AS b, _line
    FROM (SELECT doc->'$.data[*]' AS buckets, _line FROM raw)
),
result AS (
    SELECT
        bucket->>'starting_at' AS starting_at,
        bucket->>'ending_at' AS ending_at,
        unnest(results) AS item,
        generate_subscripts(results, 1) AS r,
        b,
        _line
    FROM (SELECT *, bucket->'$.results[*]' AS results FROM bucket)
),
facts AS (
    SELECT
        coalesce(nullif(config->>'organization_id', ''), 'anthropic') AS account,
        (SELECT coalesce(bool_or((doc->>'$.asked.group_by') LIKE '%workspace_id%'), false) FROM raw)
        OR (SELECT coalesce(bool_or((item->>'workspace_id') IS NOT NULL), false) FROM result)
            AS by_workspace
    FROM source_facts
),
charge AS (
    SELECT
        result.*,
        facts.*,
        item->>'amount' AS cents,
        item->>'currency' AS currency,
        coalesce(item->>'token_type', item->>'cost_type') AS vendor_meter,
        month_of(starting_at) AS month
    FROM result CROSS JOIN facts
)
SELECT
    row_number() OVER (ORDER BY _line, b, r) AS line,
    'Anthropic' AS invoice_issuer_name,
    account AS billing_account_id,
    currency AS billing_currency,
    strftime(month, '%Y-%m-%dT00:00:00Z') AS billing_period_start,
    strftime(month + INTERVAL 1 MONTH, '%Y-%m-%dT00:00:00Z') AS billing_period_end,
    starting_at AS charge_period_start,
    ending_at AS charge_period_end,
    dollars_of(cents, currency) AS billed_cost,
    billed_cost AS effective_cost,
    'Usage' AS charge_category,
    coalesce(item->>'description', 'Claude API usage') AS charge_description,
    'Usage-Based' AS charge_frequency,
    'Anthropic' AS provider_name,
    'AI and Machine Learning' AS service_category,
    'Claude API' AS service_name,
    vendor_meter AS sku_meter,
    claude_meter(item->>'token_type', item->>'cost_type') AS meter,
    coalesce(item->>'workspace_id', CASE WHEN by_workspace THEN 'default' END) AS sub_account_id,
    nullif(item->>'inference_geo', 'not_available') AS region_id,
    'anthropic' AS provider,
    item->>'model' AS model,
    item->>'service_tier' AS service_tier,
    json_object('amount_in_cents', cents, 'context_window', item->>'context_window')::VARCHAR AS extras
FROM charge
