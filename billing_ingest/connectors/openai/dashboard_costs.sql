-- One charge per row of the cost export of the dashboard. A day without costs has a row without an
-- amount, which is no charge. Older exports have fewer columns.
WITH charge AS (
    SELECT
        *,
        coalesce(unix_time(start_time), start_time_iso) AS starts,
        coalesce(unix_time(end_time), end_time_iso) AS ends,
        plain_zero(trim(amount_value)) AS dollars,
        nullif(line_item, '') AS item
    FROM raw
    WHERE trim(coalesce(amount_value, '')) <> ''
)
SELECT
    _line AS line,
    'OpenAI' AS invoice_issuer_name,
    CASE
        -- The source's own organisation, as its other bills call it; another one is another account.
        WHEN nullif(config->>'organization_id', '') IS NULL THEN 'openai'
        ELSE coalesce(nullif(organization_id, ''), config->>'organization_id')
    END AS billing_account_id,
    nullif(organization_name, '') AS billing_account_name,
    upper(trim(amount_currency)) AS billing_currency,
    strftime(month_of(starts), '%Y-%m-%dT00:00:00Z') AS billing_period_start,
    strftime(month_of(starts) + INTERVAL 1 MONTH, '%Y-%m-%dT00:00:00Z') AS billing_period_end,
    starts AS charge_period_start,
    ends AS charge_period_end,
    dollars AS billed_cost,
    dollars AS effective_cost,
    CASE WHEN starts_with(dollars, '-') THEN 'Credit' ELSE 'Usage' END AS charge_category,
    coalesce(item, 'OpenAI API usage') AS charge_description,
    'Usage-Based' AS charge_frequency,
    'OpenAI' AS provider_name,
    'AI and Machine Learning' AS service_category,
    'OpenAI API' AS service_name,
    item AS sku_meter,
    item_meter(item, quantity_unit) AS meter,
    quantity AS consumed_quantity,
    item_unit(quantity_unit) AS consumed_unit,
    nullif(project_id, '') AS sub_account_id,
    nullif(project_name, '') AS sub_account_name,
    nullif(api_key_id, '') AS api_key,
    -- An address beside no user is whoever made the export.
    CASE
        WHEN coalesce(user_id, '') <> ''
            THEN coalesce(nullif(lower(trim(user_email)), ''), 'openai:' || user_id)
    END AS actor,
    'openai' AS provider,
    item_model(item) AS model,
    item_tier(item) AS service_tier,
    json_merge_patch(coalesce(_extras, '{}'), json_object(
        'amount', amount_value, 'api_source', nullif(api_source, '')
    ))::VARCHAR AS extras
FROM charge CROSS JOIN source_facts
