-- One charge per outcome that is billed, with the object it was reached on.
WITH said AS (
    SELECT
        *,
        clean(vendor) AS issuer,
        resolution_vendor(vendor) AS known,
        CASE WHEN resolution_vendor(vendor) IS NULL THEN provider_slug(vendor) ELSE resolution_vendor(vendor) END AS slug,
        resolution_type(object_type, resolution_vendor(vendor)) AS kind,
        lower(trim(object_id)) AS object,
        iso_date(trim(occurred_at)) AS at_text,
        plain_amount(coalesce(nullif(trim(amount), ''), trim(price)), upper(trim(currency))) AS billed
    FROM raw
),
dated AS (
    SELECT
        *,
        try_cast(utc(at_text) AS TIMESTAMP) AS moment,
        coalesce(nullif(iso_date(trim(billing_period_start)), ''), strftime(date_trunc('month', moment), '%Y-%m-%d'))
            AS period_start
    FROM said
)
SELECT
    _line AS line,
    issuer AS invoice_issuer_name,
    coalesce(nullif(trim(account), ''), nullif(trim(config->>'billing_account_id'), ''), 'outcomes')
        AS billing_account_id,
    upper(trim(currency)) AS billing_currency,
    period_start AS billing_period_start,
    coalesce(
        nullif(iso_date(trim(billing_period_end)), ''),
        strftime(try_cast(period_start AS DATE) + INTERVAL 1 MONTH, '%Y-%m-%d')
    ) AS billing_period_end,
    CASE
        WHEN strlen(at_text) = 10 OR moment IS NULL THEN at_text
        ELSE strftime(moment, '%Y-%m-%dT%H:%M:%SZ')
    END AS charge_period_start,
    CASE
        WHEN strlen(at_text) = 10 THEN strftime(moment + INTERVAL 1 DAY, '%Y-%m-%d')
        ELSE strftime(moment + INTERVAL 1 SECOND, '%Y-%m-%dT%H:%M:%SZ')
    END AS charge_period_end,
    billed AS billed_cost,
    billed AS effective_cost,
    CASE
        WHEN kind IN ('ticket', 'conversation', 'deal') THEN 'Usage'
        ELSE coalesce(kind, 'an object')
    END AS charge_category,
    -- A resolution that is taken back is deducted, maybe in a later period.
    CASE WHEN starts_with(billed, '-') THEN 'Correction' END AS charge_class,
    concat_ws(' ', resolution_service(known, issuer), coalesce(nullif(trim(outcome), ''), 'resolution'))
        AS charge_description,
    'Usage-Based' AS charge_frequency,
    coalesce(nullif(trim(quantity), ''), '1') AS consumed_quantity,
    coalesce(nullif(trim(outcome), ''), 'resolution') AS consumed_unit,
    trim(invoice_id) AS invoice_id,
    issuer AS provider_name,
    'AI and Machine Learning' AS service_category,
    resolution_service(known, issuer) AS service_name,
    'outcomes' AS meter,
    trim(object_id) AS resource_id,
    slug AS provider,
    actor_of(person) AS actor,
    CASE kind WHEN 'ticket' THEN object END AS ticket,
    CASE kind WHEN 'conversation' THEN object END AS conversation,
    CASE kind WHEN 'deal' THEN object END AS deal,
    _extras AS extras
FROM dated CROSS JOIN source_facts
