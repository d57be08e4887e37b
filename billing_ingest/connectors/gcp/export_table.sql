-- Of a flat file service.id is a column; of a nested one service holds an object as JSON.
WITH lines AS (
    SELECT
        _line AS line,
        billing_account_id,
        coalesce("service.description", TRY(service ->> 'description')) AS service,
        coalesce("sku.id", TRY(sku ->> 'id')) AS sku_id,
        coalesce("sku.description", TRY(sku ->> 'description')) AS sku,
        usage_start_time AS usage_start,
        usage_end_time AS usage_end,
        coalesce("project.id", TRY(project ->> 'id')) AS project_id,
        coalesce("project.name", TRY(project ->> 'name')) AS project_name,
        coalesce("project.labels", TRY(project ->> 'labels')) AS project_labels,
        labels,
        system_labels,
        coalesce("location.region", TRY("location" ->> 'region')) AS region,
        coalesce("location.location", TRY("location" ->> 'location')) AS place,
        coalesce("resource.name", TRY(resource ->> 'name')) AS resource_name,
        coalesce("resource.global_name", TRY(resource ->> 'global_name')) AS resource_global_name,
        export_time,
        cost,
        cost_at_list AS list_cost,
        currency,
        coalesce("usage.amount", TRY(usage ->> 'amount')) AS amount,
        coalesce("usage.unit", TRY(usage ->> 'unit')) AS unit,
        coalesce("usage.amount_in_pricing_units", TRY(usage ->> 'amount_in_pricing_units')) AS priced_amount,
        coalesce("usage.pricing_unit", TRY(usage ->> 'pricing_unit')) AS priced_unit,
        coalesce("price.effective_price", TRY(price ->> 'effective_price')) AS effective_price,
        credits,
        coalesce("invoice.month", TRY(invoice ->> 'month')) AS invoice_month,
        cost_type,
        seller_name,
        _extras AS extras
    FROM raw
)
FROM google_charges('lines')
