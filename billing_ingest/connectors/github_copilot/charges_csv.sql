-- One charge per line of the AI usage report or of the usage report. Net is what is billed, gross is
-- the use at list price. What the same use would cost in credits (aic_gross_amount) is another view
-- of gross_amount and stays beside it.
WITH line AS (
    SELECT
        *,
        left(iso_date(trim(coalesce("date", usage_at))), 10) AS day,
        copilot_sku(sku) AS spelt_sku,
        copilot_meter(product, sku) AS our_meter,
        lower(nullif(trim(organization), '')) AS org
    FROM raw CROSS JOIN source_facts
),
dated AS (
    SELECT *, try_cast(day AS DATE) AS on_day, date_trunc('month', on_day) AS month FROM line
)
SELECT
    _line AS line,
    'GitHub' AS invoice_issuer_name,
    copilot_account(config, NULL, org, source_key, our_meter) AS billing_account_id,
    'USD' AS billing_currency,
    strftime(month, '%Y-%m-%dT00:00:00Z') AS billing_period_start,
    strftime(month + INTERVAL 1 MONTH, '%Y-%m-%dT00:00:00Z') AS billing_period_end,
    CASE WHEN on_day IS NULL THEN day ELSE day || 'T00:00:00Z' END AS charge_period_start,
    strftime(on_day + INTERVAL 1 DAY, '%Y-%m-%dT00:00:00Z') AS charge_period_end,
    trim(net_amount) AS billed_cost,
    trim(net_amount) AS effective_cost,
    trim(gross_amount) AS list_cost,
    trim(applied_cost_per_quantity) AS list_unit_price,
    'Usage' AS charge_category,
    concat_ws(', ', sku, nullif(trim(model), '')) AS charge_description,
    CASE our_meter WHEN 'seats' THEN 'Recurring' ELSE 'Usage-Based' END AS charge_frequency,
    trim(quantity) AS consumed_quantity,
    copilot_unit(unit_type) AS consumed_unit,
    trim(quantity) AS pricing_quantity,
    copilot_unit(unit_type) AS pricing_unit,
    'GitHub' AS provider_name,
    copilot_service(product) AS service_name,
    spelt_sku AS sku_id,
    trim(sku) AS sku_meter,
    our_meter AS meter,
    'github' AS provider,
    org AS sub_account_id,
    'github:' || lower(nullif(trim(username), '')) AS actor,
    copilot_repo(org, repository) AS repo,
    nullif(trim(model), '') AS model,
    CASE
        WHEN trim(cost_center_name) <> ''
            THEN json_object('cost_center', trim(cost_center_name))::VARCHAR
    END AS tags,
    json_object(
        'discount_amount', discount_amount, 'total_monthly_quota', total_monthly_quota,
        'aic_quantity', aic_quantity, 'aic_gross_amount', aic_gross_amount,
        'workflow', coalesce(workflow_path, workflow_name)
    )::VARCHAR AS extras
FROM dated
