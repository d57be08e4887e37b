-- One charge per result of a daily bucket. Amounts are dollars, as numbers or as text.
WITH bucket AS (
    SELECT unnest(buckets) AS bucket, generate_subscripts(buckets, 1) AS b, _line
    FROM (SELECT doc->'$.data[*]' AS buckets, _line FROM raw)
),
result AS (
    SELECT
        unix_time(bucket->>'start_time') AS starts,
        unix_time(bucket->>'end_time') AS ends,
        unnest(results) AS item,
        generate_subscripts(results, 1) AS r,
        b,
        _line
    FROM (SELECT *, bucket->'$.results[*]' AS results FROM bucket)
),
charge AS (
    SELECT
        *,
        plain_zero(item->>'$.amount.value') AS dollars,
        item->>'line_item' AS line_item,
        item->>'quantity_unit' AS unit
    FROM result
)
SELECT
    row_number() OVER (ORDER BY _line, b, r) AS line,
    'OpenAI' AS invoice_issuer_name,
    coalesce(nullif(config->>'organization_id', ''), 'openai') AS billing_account_id,
    upper(item->>'$.amount.currency') AS billing_currency,
    strftime(month_of(starts), '%Y-%m-%dT00:00:00Z') AS billing_period_start,
    strftime(month_of(starts) + INTERVAL 1 MONTH, '%Y-%m-%dT00:00:00Z') AS billing_period_end,
    starts AS charge_period_start,
    ends AS charge_period_end,
    dollars AS billed_cost,
    dollars AS effective_cost,
    CASE WHEN starts_with(dollars, '-') THEN 'Credit' ELSE 'Usage' END AS charge_category,
    coalesce(line_item, 'OpenAI API usage') AS charge_description,
    'Usage-Based' AS charge_frequency,
    'OpenAI' AS provider_name,
    'AI and Machine Learning' AS service_category,
    'OpenAI API' AS service_name,
    line_item AS sku_meter,
    item_meter(line_item, unit) AS meter,
    item->>'quantity' AS consumed_quantity,
    item_unit(unit) AS consumed_unit,
    item->>'project_id' AS sub_account_id,
    item->>'project_name' AS sub_account_name,
    item->>'api_key_id' AS api_key,
    coalesce(
        CASE WHEN (item->>'user_id') IS NOT NULL THEN nullif(lower(trim(item->>'user_email')), '') END,
        'openai:' || (item->>'user_id')
    ) AS actor,
    'openai' AS provider,
    item_model(line_item) AS model,
    item_tier(line_item) AS service_tier,
    json_merge_patch('{}', json_object(
        'amount', item->>'$.amount.value', 'api_source', item->>'api_source'
    ))::VARCHAR AS extras
FROM charge CROSS JOIN source_facts
