-- One charge per usage item. A pull asks for the days as a whole and then for each user who holds a
-- seat; what the users did not say of a day is one more charge, of nobody, so that the day is whole.
WITH item AS (
    SELECT
        unnest(items) AS item,
        generate_subscripts(items, 1) AS i,
        doc AS body,
        coalesce(doc->'$.asked', '{}'::JSON) AS asked,
        (doc->'$.asked') IS NOT NULL AS is_pulled,
        _line
    FROM (SELECT *, doc->'$.usageItems[*]' AS items FROM raw)
),
said AS (
    SELECT
        row_number() OVER (ORDER BY _line, i) AS line,
        is_pulled,
        item,
        coalesce(body->>'$.timePeriod.year', asked->>'$.year') AS year,
        lpad(coalesce(body->>'$.timePeriod.month', asked->>'$.month'), 2, '0') AS month_number,
        lpad(coalesce(body->>'$.timePeriod.day', asked->>'$.day'), 2, '0') AS day_number,
        coalesce(left(item->>'date', 10), concat_ws('-', year, month_number, coalesce(day_number, '01')))
            AS day,
        (item->>'date') IS NOT NULL OR day_number IS NOT NULL AS is_one_day,
        nullif(lower(trim(coalesce(item->>'user', item->>'username', asked->>'user', body->>'user'))), '')
            AS login,
        lower(trim(coalesce(item->>'organizationName', item->>'organization', asked->>'organization',
            body->>'organization'))) AS org,
        lower(trim(coalesce(asked->>'enterprise', body->>'enterprise'))) AS enterprise,
        coalesce(asked->>'$.cost_center.name', body->>'$.costCenter.name') AS cost_center,
        coalesce(item->>'grossQuantity', item->>'quantity') AS quantity,
        item->>'grossAmount' AS gross,
        item->>'discountAmount' AS discount,
        item->>'netAmount' AS net
    FROM item
),
-- Users and the whole of one day, product, SKU and model belong together.
grouped AS (
    SELECT
        *,
        is_pulled AND login IS NULL AND (item->>'date') IS NULL AS is_whole,
        concat_ws('|', day, item->>'product', item->>'sku', item->>'model') AS thing
    FROM said
),
users AS (
    SELECT
        thing,
        sum(try_cast(quantity AS DECIMAL(38, 12))) AS quantity,
        sum(try_cast(gross AS DECIMAL(38, 24))) AS gross,
        sum(try_cast(discount AS DECIMAL(38, 24))) AS discount,
        sum(try_cast(net AS DECIMAL(38, 24))) AS net
    FROM grouped WHERE is_pulled AND login IS NOT NULL AND (item->>'date') IS NULL GROUP BY thing
),
rested AS (
    SELECT
        grouped.* EXCLUDE (quantity, gross, discount, net),
        rest_of(grouped.quantity, users.quantity, is_first) AS quantity,
        rest_of(grouped.gross, users.gross, is_first) AS gross,
        rest_of(grouped.discount, users.discount, is_first) AS discount,
        rest_of(grouped.net, users.net, is_first) AS net
    FROM (
        SELECT *, is_whole AND row_number() OVER (PARTITION BY thing, is_whole ORDER BY line) = 1 AS is_first
        FROM grouped
    ) AS grouped
    LEFT JOIN users USING (thing)
),
dated AS (
    SELECT
        *,
        try_cast(day AS DATE) AS on_day,
        date_trunc('month', on_day) AS month,
        CASE WHEN is_one_day THEN on_day + INTERVAL 1 DAY ELSE month + INTERVAL 1 MONTH END AS ends,
        copilot_meter(item->>'product', item->>'sku') AS our_meter
    FROM rested
    WHERE NOT (is_whole AND is_nothing(quantity) AND is_nothing(gross) AND is_nothing(net))
)
SELECT
    line,
    'GitHub' AS invoice_issuer_name,
    copilot_account(config, enterprise, org, source_key, our_meter) AS billing_account_id,
    'USD' AS billing_currency,
    strftime(month, '%Y-%m-%dT00:00:00Z') AS billing_period_start,
    strftime(month + INTERVAL 1 MONTH, '%Y-%m-%dT00:00:00Z') AS billing_period_end,
    CASE WHEN on_day IS NULL THEN day ELSE day || 'T00:00:00Z' END AS charge_period_start,
    strftime(ends, '%Y-%m-%dT00:00:00Z') AS charge_period_end,
    net AS billed_cost,
    net AS effective_cost,
    gross AS list_cost,
    item->>'pricePerUnit' AS list_unit_price,
    'Usage' AS charge_category,
    concat_ws(', ', item->>'sku', nullif(trim(item->>'model'), '')) AS charge_description,
    CASE our_meter WHEN 'seats' THEN 'Recurring' ELSE 'Usage-Based' END AS charge_frequency,
    quantity AS consumed_quantity,
    copilot_unit(item->>'unitType') AS consumed_unit,
    quantity AS pricing_quantity,
    copilot_unit(item->>'unitType') AS pricing_unit,
    'GitHub' AS provider_name,
    copilot_service(item->>'product') AS service_name,
    copilot_sku(item->>'sku') AS sku_id,
    item->>'sku' AS sku_meter,
    our_meter AS meter,
    'github' AS provider,
    org AS sub_account_id,
    'github:' || login AS actor,
    copilot_repo(org, item->>'repositoryName') AS repo,
    nullif(trim(item->>'model'), '') AS model,
    CASE WHEN cost_center <> '' THEN json_object('cost_center', cost_center)::VARCHAR END AS tags,
    json_object('discount_amount', discount, 'rest_of_users', is_first)::VARCHAR AS extras
FROM dated CROSS JOIN source_facts
