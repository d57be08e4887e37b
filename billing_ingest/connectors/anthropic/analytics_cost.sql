-- One charge per row of the analytics API's costs. Amounts are text, in (fractional) cents: what is
-- owed after a discount, before credits. Rows without a name are several people: all count.
WITH given AS (
    SELECT
        unnest(rows) AS item,
        generate_subscripts(rows, 1) AS r,
        last_value(doc->>'$.asked.group_by' IGNORE NULLS) OVER (ORDER BY _line) AS groups,
        _line
    FROM (SELECT doc, doc->'$.data[*]' AS rows, _line FROM raw)
),
facts AS (
    SELECT
        coalesce(nullif(config->>'organization_id', ''), 'anthropic') AS account,
        (SELECT coalesce(bool_or(groups LIKE '%workspace_id%' OR (item->>'$.group.workspace_id') IS NOT NULL), false) FROM given)
            AS by_workspace
    FROM source_facts
),
charge AS (
    SELECT
        *,
        item->>'starting_at' AS starts,
        item->>'ending_at' AS ends,
        item->>'$.cost.currency' AS currency,
        item->'$.group.actor' AS who
    FROM given CROSS JOIN facts
)
SELECT
    row_number() OVER (ORDER BY _line, r) AS line,
    'Anthropic' AS invoice_issuer_name,
    account AS billing_account_id,
    currency AS billing_currency,
    strftime(month_of(starts), '%Y-%m-%dT00:00:00Z') AS billing_period_start,
    strftime(month_of(starts) + INTERVAL 1 MONTH, '%Y-%m-%dT00:00:00Z') AS billing_period_end,
    starts AS charge_period_start,
    -- A sum over several days cannot be restated day by day.
    one_day(starts, ends) AS charge_period_end,
    -- Groups of roles overlap: their rows add up to more than the bill.
    CASE
        WHEN (item->>'$.group.rbac_group_id') IS NOT NULL THEN concat(item->>'$.cost.amount', ' cents of an RBAC group')
        ELSE dollars_of(item->>'$.cost.amount', currency)
    END AS billed_cost,
    billed_cost AS effective_cost,
    CASE
        WHEN (item->>'$.cost.list_amount') IS NOT NULL THEN dollars_of(item->>'$.cost.list_amount', currency)
    END AS list_cost,
    'Usage' AS charge_category,
    coalesce(
        nullif(concat_ws(' ', item->>'$.group.product', item->>'$.group.model',
            coalesce(item->>'$.group.token_type', item->>'$.group.cost_type')), ''),
        'Claude usage'
    ) AS charge_description,
    'Usage-Based' AS charge_frequency,
    'Anthropic' AS provider_name,
    'AI and Machine Learning' AS service_category,
    'Claude API' AS service_name,
    coalesce(item->>'$.group.token_type', item->>'$.group.cost_type') AS sku_meter,
    claude_meter(item->>'$.group.token_type', item->>'$.group.cost_type') AS meter,
    coalesce(item->>'$.group.workspace_id', CASE WHEN by_workspace THEN 'default' END) AS sub_account_id,
    nullif(item->>'$.group.inference_geo', 'not_available') AS region_id,
    claude_actor(who) AS actor,
    coalesce(item->>'$.group.api_key_id', who->>'api_key_id') AS api_key,
    item->>'$.group.session_id' AS session,
    'anthropic' AS provider,
    item->>'$.group.model' AS model,
    item->>'$.group.service_tier' AS service_tier,
    json_merge_patch('{}', json_object(
        'amount_in_cents', item->>'$.cost.amount', 'context_window', item->>'$.group.context_window',
        'product', item->>'$.group.product', 'speed', item->>'$.group.speed'
    ))::VARCHAR AS extras
FROM charge
