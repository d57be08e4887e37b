-- The charges of an export whose columns stand in the table `t` under our names.
CREATE MACRO google_charges(t) AS TABLE
WITH listed AS (
    SELECT
        *,
        google_list(credits) AS credit_tokens,
        google_json(credits, credit_tokens) AS credit_json,
        google_labels(google_json(labels, google_list(labels))) AS own_labels,
        google_labels(google_json(project_labels, google_list(project_labels))) AS labels_of_project,
        google_json(system_labels, google_list(system_labels)) AS system_json
    FROM query_table(t)
),
line AS (
    SELECT
        *,
        google_credit_amounts(credit_tokens) AS amounts,
        google_sells_models(service, sku) AS is_model,
        lower(sku) AS sku_words,
        CASE
            WHEN labels_of_project IS NULL OR own_labels IS NULL THEN coalesce(own_labels, labels_of_project)
            WHEN NOT json_valid(labels_of_project) THEN labels_of_project
            WHEN NOT json_valid(own_labels) THEN own_labels
            ELSE json_merge_patch(labels_of_project, own_labels)::VARCHAR
        END AS tag_object,
        tags_said(tag_object) AS said,
        coalesce(
            try_cast(priced_amount AS DOUBLE) > 0 AND try_cast(effective_price AS DOUBLE) > 0
            AND abs(try_cast(priced_amount AS DOUBLE) * try_cast(effective_price AS DOUBLE) - try_cast(cost AS DOUBLE))
                <= 0.01 * abs(try_cast(cost AS DOUBLE)), false) AS price_agrees
    FROM listed
)
SELECT
    line,
    'Google Cloud' AS invoice_issuer_name,
    billing_account_id,
    currency AS billing_currency,
    google_month(invoice_month) AS billing_period_start,
    coalesce(strftime(try_cast(google_month(invoice_month) AS DATE) + INTERVAL 1 MONTH, '%Y-%m-%d'),
        invoice_month) AS billing_period_end,
    google_time(usage_start) AS charge_period_start,
    google_time(coalesce(usage_end, usage_start)) AS charge_period_end,
    google_net(cost, credits, credit_tokens, credit_json, amounts) AS billed_cost,
    billed_cost AS effective_cost,
    list_cost,
    cost AS contracted_cost,
    CASE
        WHEN cost_type IS NULL OR cost_type = 'regular' THEN 'Usage'
        WHEN cost_type = 'tax' THEN 'Tax'
        WHEN cost_type IN ('adjustment', 'rounding_error') THEN 'Adjustment'
        ELSE cost_type
    END AS charge_category,
    CASE WHEN cost_type = 'adjustment' THEN 'Correction' END AS charge_class,
    trim(sku) AS charge_description,
    CASE WHEN charge_category = 'Usage' THEN 'Usage-Based' END AS charge_frequency,
    -- A count is one of tokens where the price of the same line proves it; else it is a count.
    amount AS consumed_quantity,
    CASE
        WHEN is_model AND unit = 'count' AND price_agrees
            AND google_meter_in(sku_words) IN ('input', 'cached_input', 'cache_write', 'output') THEN 'Tokens'
        ELSE unit
    END AS consumed_unit,
    priced_amount AS pricing_quantity,
    priced_unit AS pricing_unit,
    'Google Cloud' AS provider_name,
    coalesce(seller_name, 'Google Cloud') AS publisher_name,
    service AS service_name,
    sku_id,
    trim(sku) AS sku_meter,
    CASE WHEN is_model THEN google_meter_in(sku_words) ELSE '' END AS meter,
    project_id AS sub_account_id,
    project_name AS sub_account_name,
    coalesce(resource_global_name, resource_name) AS resource_id,
    resource_name,
    coalesce(region, place) AS region_id,
    'gcp' AS provider,
    actor_of(tag_of(said, 1)) AS actor,
    clean(tag_of(said, 2)) AS team,
    lower(tag_of(said, 3)) AS repo,
    tag_of(said, 4) AS branch,
    lower(tag_of(said, 5)) AS pr,
    tag_of(said, 6) AS session,
    lower(tag_of(said, 7)) AS ticket,
    lower(tag_of(said, 8)) AS conversation,
    lower(tag_of(said, 9)) AS deal,
    tag_of(said, 10) AS is_shared,
    tag_of(said, 11) AS is_excluded,
    tag_of(said, 12) AS api_key,
    coalesce(tag_of(said, 13), project_id) AS project,
    coalesce(tag_of(said, 14), CASE WHEN is_model THEN google_model(sku) ELSE '' END) AS model,
    CASE WHEN is_model THEN google_service_tier(sku_words) ELSE '' END AS service_tier,
    tag_object AS tags,
    json_merge_patch(coalesce(extras, '{}'), json_object(
        'cost_before_credits', cost, 'credits', TRY(credit_json::JSON), 'cost_type', cost_type,
        'system_labels', TRY(system_json::JSON), 'export_time', export_time
    ))::VARCHAR AS extras
FROM line;
