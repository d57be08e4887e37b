-- One charge per line of a Cost and Usage Report. The unblended costs of all lines, discounts and
-- credits among them, are the bill; the effective cost spreads commitments over what they covered.
WITH line AS (
    SELECT *, concat_ws('|', product_name, description) AS words,
        line_item_type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage') AS is_use
    FROM base
),
known AS (
    SELECT *,
        aws_is_bedrock(product_code, service_code, usage_type, words) AS is_bedrock,
        aws_tags(entries) AS own_tags
    FROM line
),
read AS (
    SELECT *,
        aws_said(own_tags) AS said,
        CASE WHEN is_bedrock THEN aws_meter(coalesce(usage_type, '')) END AS own_meter,
        is_bedrock AND is_use AND aws_tokens_per_unit(pricing_unit) IS NOT NULL
            AND aws_agrees(usage_amount, coalesce(unblended_rate, list_rate), CASE WHEN unblended_rate IS NULL THEN list_cost ELSE unblended_cost END)
            AS tokens_are_known
    FROM known
)
SELECT
    _line AS line,
    coalesce(nullif((SELECT config ->> '$.issuer' FROM source_facts), ''), 'Amazon Web Services, Inc.') AS invoice_issuer_name,
    payer_account_id AS billing_account_id,
    payer_account_name AS billing_account_name,
    currency AS billing_currency,
    period_start AS billing_period_start,
    coalesce(period_end, strftime(utc(period_start) + INTERVAL 1 MONTH, '%Y-%m-%dT%H:%M:%SZ')) AS billing_period_end,
    usage_start AS charge_period_start,
    usage_end AS charge_period_end,
    unblended_cost AS billed_cost,
    CASE line_item_type
        WHEN 'SavingsPlanCoveredUsage' THEN coalesce(savings_plan_effective, unblended_cost)
        WHEN 'DiscountedUsage' THEN coalesce(reservation_effective, unblended_cost)
        WHEN 'SavingsPlanNegation' THEN '0'
        WHEN 'SavingsPlanUpfrontFee' THEN '0'
        WHEN 'SavingsPlanRecurringFee' THEN coalesce(aws_sum(savings_plan_commitment, savings_plan_used, -1), unblended_cost)
        WHEN 'RIFee' THEN coalesce(aws_sum(reservation_unused_upfront, reservation_unused_recurring, 1), unblended_cost)
        WHEN 'Fee' THEN CASE WHEN reservation_arn <> '' THEN '0' ELSE unblended_cost END
        ELSE unblended_cost
    END AS effective_cost,
    CASE WHEN is_use THEN list_cost END AS list_cost,
    CASE WHEN is_use THEN list_rate END AS list_unit_price,
    CASE WHEN line_item_type = 'Usage' THEN unblended_rate END AS contracted_unit_price,
    CASE
        WHEN is_use THEN 'Usage'
        WHEN line_item_type IN ('Fee', 'RIFee', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee') THEN 'Purchase'
        WHEN line_item_type = 'Tax' THEN 'Tax'
        WHEN line_item_type = 'Credit' THEN 'Credit'
        ELSE 'Adjustment'
    END AS charge_category,
    CASE
        WHEN line_item_type = 'Refund' OR bill_type = 'Refund' OR utc(usage_end) <= utc(period_start) THEN 'Correction'
    END AS charge_class,
    description AS charge_description,
    CASE
        WHEN is_use THEN 'Usage-Based'
        WHEN line_item_type IN ('Fee', 'SavingsPlanUpfrontFee') THEN 'One-Time'
        WHEN line_item_type IN ('RIFee', 'SavingsPlanRecurringFee') THEN 'Recurring'
    END AS charge_frequency,
    CASE
        WHEN NOT is_use THEN NULL
        WHEN is_token_meter(own_meter) THEN CASE WHEN tokens_are_known THEN aws_tokens(usage_amount, pricing_unit) END
        ELSE usage_amount
    END AS consumed_quantity,
    CASE
        WHEN NOT is_use THEN NULL
        WHEN is_token_meter(own_meter) THEN CASE WHEN tokens_are_known THEN 'Tokens' END
        ELSE pricing_unit
    END AS consumed_unit,
    CASE WHEN line_item_type <> 'Tax' THEN usage_amount END AS pricing_quantity,
    CASE WHEN line_item_type <> 'Tax' THEN pricing_unit END AS pricing_unit,
    invoice_id,
    'AWS' AS provider_name,
    legal_entity AS publisher_name,
    CASE WHEN is_bedrock THEN 'AI and Machine Learning' END AS service_category,
    CASE WHEN is_bedrock THEN 'Generative AI' END AS service_subcategory,
    CASE WHEN is_bedrock AND NOT regexp_matches(coalesce(product_name, ''), 'bedrock', 'i')
        THEN 'Amazon Bedrock' ELSE coalesce(product_name, product_code, service_code) END AS service_name,
    sku AS sku_id,
    rate_code AS sku_price_id,
    usage_type AS sku_meter,
    coalesce(own_meter, '') AS meter,
    usage_account_id AS sub_account_id,
    usage_account_name AS sub_account_name,
    resource_id,
    region AS region_id,
    'aws' AS provider,
    aws_actor(iam_principal, tag_of(said, 1)) AS actor,
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
    coalesce(tag_of(said, 13), nullif(regexp_extract(resource_id, 'application-inference-profile/.+$'), '')) AS project,
    CASE WHEN is_bedrock THEN coalesce(tag_of(said, 14), aws_model(aws_model_words(usage_type, words))) END AS model,
    CASE WHEN is_bedrock THEN aws_service_tier(usage_type) END AS service_tier,
    coalesce(bad_tags, aws_joined(list_filter([substr(own_tags, 2, strlen(own_tags) - 2), aws_pair('iam_role', aws_role(iam_principal))],
        lambda pair: pair IS NOT NULL))) AS tags,
    aws_joined(list_filter([
        aws_pair('line_item_type', line_item_type), aws_pair('operation', operation), aws_pair('product_code', product_code),
        aws_pair('billing_entity', billing_entity), aws_pair('invoicing_entity', invoicing_entity),
        aws_pair('iam_principal', iam_principal), substr(extras, 2, strlen(extras) - 2)],
        lambda pair: coalesce(pair, '') <> '')) AS extras
FROM read
