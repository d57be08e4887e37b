-- One charge per line of a cost export. The four dialects name the same things differently; what
-- one of them lacks is null. An amortised export reads the same and is another bill of the scope.
WITH facts AS (
    SELECT
        nullif(config->>'billing_account_id', '') AS own_account,
        coalesce(lower(config->>'export_scope') = 'subscription', false) AS by_subscription
    FROM source_facts
),
line AS (
    SELECT
        *,
        azure_day(coalesce("Date", UsageDateTime)) AS day,
        azure_day(BillingPeriodStartDate) AS period_day,
        coalesce(CostInBillingCurrency, PreTaxCost) AS amount,
        coalesce(BillingCurrencyCode, BillingCurrency, Currency) AS currency_said,
        coalesce(Quantity, UsageQuantity) AS units,
        coalesce(EffectivePrice, ResourceRate) AS price,
        coalesce(SubscriptionId, SubscriptionGuid) AS subscription,
        coalesce(MeterSubCategory, '') || ' ' || coalesce(ProductName, Product, '') AS sold_as,
        coalesce(ResourceId, InstanceId, InstanceName) AS resource,
        lower(replace(coalesce(ChargeType, 'Usage'), ' ', '')) AS kind,
        azure_tags(Tags) AS tag_object
    FROM raw
),
-- A stated period that does not begin on the first is no calendar month: exports are cut by those.
dated AS (
    SELECT
        *,
        date_trunc('month', CASE WHEN day(utc(period_day)) = 1 THEN utc(period_day) ELSE utc(day) END)
            AS month,
        azure_sells_models(MeterCategory, sold_as, MeterName) AS is_model,
        CASE WHEN is_model THEN azure_words(MeterName) ELSE [] END AS words,
        tags_said(tag_object) AS said,
        azure_block(UnitOfMeasure) AS block,
        contains(lower(MeterName), '1m tokens') IS NOT TRUE OR block = 1000000 AS unit_agrees,
        try_cast(units AS DOUBLE) * try_cast(price AS DOUBLE) AS worth
    FROM line
)
SELECT
    _line AS line,
    coalesce(nullif(trim(PartnerName), ''), 'Microsoft') AS invoice_issuer_name,
    concat_ws('/',
        coalesce(azure_account(BillingAccountId), own_account, subscription),
        CASE WHEN by_subscription AND BillingAccountId IS NOT NULL THEN subscription END
    ) AS billing_account_id,
    BillingAccountName AS billing_account_name,
    upper(trim(currency_said)) AS billing_currency,
    coalesce(strftime(month, '%Y-%m-%d'), day) AS billing_period_start,
    coalesce(strftime(month + INTERVAL 1 MONTH, '%Y-%m-%d'), day) AS billing_period_end,
    day AS charge_period_start,
    coalesce(strftime(utc(day) + INTERVAL 1 DAY, '%Y-%m-%d'), day) AS charge_period_end,
    amount AS billed_cost,
    amount AS effective_cost,
    CASE WHEN PaygCostInBillingCurrency <> '0' THEN PaygCostInBillingCurrency END AS list_cost,
    CASE
        WHEN kind IN ('usage', 'unusedreservation', 'unusedsavingsplan') THEN 'Usage'
        WHEN kind IN ('purchase', 'refund') THEN 'Purchase'
        WHEN kind IN ('roundingadjustment', 'adjustment') THEN 'Adjustment'
        WHEN kind IN ('tax', 'credit') THEN upper(left(kind, 1)) || substr(kind, 2)
        ELSE ChargeType
    END AS charge_category,
    CASE WHEN kind = 'refund' THEN 'Correction' END AS charge_class,
    coalesce(ProductName, Product, MeterName) AS charge_description,
    CASE lower(Frequency)
        WHEN 'usagebased' THEN 'Usage-Based' WHEN 'onetime' THEN 'One-Time' ELSE Frequency
    END AS charge_frequency,
    -- The unit of a token meter changed from a thousand to a million: nothing is assumed. Tokens are
    -- said only where quantity times price is what was billed, in either currency.
    CASE
        WHEN list_contains(words, 'tokens') AND unit_agrees
            AND (worth IS NOT DISTINCT FROM 0 AND try_cast(amount AS DOUBLE) = 0
                OR abs(worth - try_cast(amount AS DOUBLE)) <= 0.01 * abs(worth)
                OR abs(worth - try_cast(CostInPricingCurrency AS DOUBLE)) <= 0.01 * abs(worth))
            THEN (try_cast(units AS DECIMAL(26, 12)) * block::DECIMAL(10, 0))::VARCHAR
    END AS consumed_quantity,
    CASE WHEN consumed_quantity IS NOT NULL THEN 'Tokens' END AS consumed_unit,
    units AS pricing_quantity,
    UnitOfMeasure AS pricing_unit,
    InvoiceId AS invoice_id,
    'Microsoft' AS provider_name,
    coalesce(nullif(PublisherName, ''), 'Microsoft') AS publisher_name,
    CASE
        WHEN ServiceFamily = 'AI + Machine Learning' OR lower(ConsumedService) = 'microsoft.cognitiveservices'
            THEN 'AI and Machine Learning'
        ELSE ServiceFamily
    END AS service_category,
    MeterCategory AS service_name,
    MeterId AS sku_id,
    PartNumber AS sku_price_id,
    MeterName AS sku_meter,
    azure_meter(words) AS meter,
    azure_subscription(subscription) AS sub_account_id,
    SubscriptionName AS sub_account_name,
    resource AS resource_id,
    coalesce(ResourceName, regexp_extract(resource, '([^/]+)$', 1)) AS resource_name,
    coalesce(ResourceLocation, "Location", MeterRegion) AS region_id,
    'azure' AS provider,
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
    coalesce(tag_of(said, 13), lower(coalesce(ResourceGroup, ResourceGroupName))) AS project,
    coalesce(tag_of(said, 14), azure_model(words, sold_as)) AS model,
    azure_service_tier(words) AS service_tier,
    tag_object AS tags,
    json_merge_patch(coalesce(_extras, '{}'), json_object(
        'ChargeType', ChargeType, 'ConsumedService', ConsumedService, 'EffectivePrice', price,
        'CostInPricingCurrency', CostInPricingCurrency, 'MeterSubCategory', MeterSubCategory
    ))::VARCHAR AS extras
FROM dated CROSS JOIN facts
