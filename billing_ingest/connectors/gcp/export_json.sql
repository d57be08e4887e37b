-- One object a line, nested as in the table. Numbers keep the digits of the file.
WITH lines AS (
    SELECT
        _line AS line,
        doc ->> '$.billing_account_id' AS billing_account_id,
        doc ->> '$.service.description' AS service,
        doc ->> '$.sku.id' AS sku_id,
        doc ->> '$.sku.description' AS sku,
        doc ->> '$.usage_start_time' AS usage_start,
        doc ->> '$.usage_end_time' AS usage_end,
        doc ->> '$.project.id' AS project_id,
        doc ->> '$.project.name' AS project_name,
        doc ->> '$.project.labels' AS project_labels,
        doc ->> '$.labels' AS labels,
        doc ->> '$.system_labels' AS system_labels,
        doc ->> '$.location.region' AS region,
        doc ->> '$.location.location' AS place,
        doc ->> '$.resource.name' AS resource_name,
        doc ->> '$.resource.global_name' AS resource_global_name,
        doc ->> '$.export_time' AS export_time,
        doc ->> '$.cost' AS cost,
        doc ->> '$.cost_at_list' AS list_cost,
        doc ->> '$.currency' AS currency,
        doc ->> '$.usage.amount' AS amount,
        doc ->> '$.usage.unit' AS unit,
        doc ->> '$.usage.amount_in_pricing_units' AS priced_amount,
        doc ->> '$.usage.pricing_unit' AS priced_unit,
        doc ->> '$.price.effective_price' AS effective_price,
        doc ->> '$.credits' AS credits,
        doc ->> '$.invoice.month' AS invoice_month,
        doc ->> '$.cost_type' AS cost_type,
        doc ->> '$.seller_name' AS seller_name,
        json_object(
            'currency_conversion_rate', doc ->> '$.currency_conversion_rate',
            'transaction_type', doc ->> '$.transaction_type', 'tags', doc -> '$.tags'
        )::VARCHAR AS extras
    FROM raw
)
FROM google_charges('lines')
