-- One charge per line of the Console's cost export, in dollars. It names models and token types in
-- words of its own, and workspaces by name; only the default one has an id we know.
SELECT
    _line AS line,
    'Anthropic' AS invoice_issuer_name,
    coalesce(nullif(config->>'organization_id', ''), 'anthropic') AS billing_account_id,
    'USD' AS billing_currency,
    strftime(month_of(usage_date_utc), '%Y-%m-%dT00:00:00Z') AS billing_period_start,
    strftime(month_of(usage_date_utc) + INTERVAL 1 MONTH, '%Y-%m-%dT00:00:00Z') AS billing_period_end,
    usage_date_utc AS charge_period_start,
    coalesce(
        strftime(try_cast(left(usage_date_utc, 10) AS DATE) + INTERVAL 1 DAY, '%Y-%m-%d'), usage_date_utc
    ) AS charge_period_end,
    plain_amount(cost_usd, 'USD') AS billed_cost,
    billed_cost AS effective_cost,
    plain_amount(nullif(list_price_usd, ''), 'USD') AS list_cost,
    'Usage' AS charge_category,
    concat_ws(' ', model, coalesce(nullif(token_type, ''), cost_type)) AS charge_description,
    'Usage-Based' AS charge_frequency,
    'Anthropic' AS provider_name,
    'AI and Machine Learning' AS service_category,
    'Claude API' AS service_name,
    coalesce(nullif(token_type, ''), cost_type) AS sku_meter,
    claude_meter(nullif(token_type, ''), nullif(cost_type, '')) AS meter,
    -- Usage names workspaces by id: a name would match nothing, so the key speaks where there is one.
    CASE
        WHEN lower(workspace) = 'default' THEN 'default'
        WHEN coalesce(api_key_id, '') = '' THEN nullif(workspace, '')
    END AS sub_account_id,
    nullif(workspace, '') AS sub_account_name,
    nullif(nullif(inference_geo, ''), 'not_available') AS region_id,
    coalesce(nullif(api_key_id, ''), nullif(api_key, '')) AS api_key,
    'anthropic' AS provider,
    claude_model(nullif(model, '')) AS model,
    CASE WHEN usage_type = 'message_batch' OR usage_type = 'batch' THEN 'batch' END AS service_tier,
    json_merge_patch(coalesce(_extras, '{}'), json_object(
        'api_key', nullif(api_key, ''), 'api_key_status', nullif(api_key_status, ''),
        'context_window', nullif(context_window, ''), 'speed', nullif(speed, ''), 'usage_type', nullif(usage_type, '')
    ))::VARCHAR AS extras
FROM raw CROSS JOIN source_facts
