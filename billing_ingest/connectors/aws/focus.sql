-- A FOCUS export of AWS: the lines as the FOCUS mapping reads them, with AWS's own words for models,
-- units, tags and people. It is the same bill as a Cost and Usage Report, so it has the same issuer.
WITH known AS (
    SELECT *,
        concat_ws('|', service_name, charge_description) AS words,
        coalesce(TRY(extras ->> '$.x_UsageType'), sku_meter, sku_id) AS usage_type,
        aws_is_bedrock(TRY(extras ->> '$.x_ServiceCode'), service_name, coalesce(TRY(extras ->> '$.x_UsageType'), sku_meter), words) AS is_bedrock,
        CASE WHEN json_problem(tags) IS NULL THEN aws_tags(aws_entries(tags)) ELSE tags END AS own_tags
    FROM base
),
read AS (
    SELECT *,
        aws_said(own_tags) AS said,
        CASE WHEN is_bedrock AND coalesce(meter, '') = '' THEN aws_meter(coalesce(usage_type, '')) ELSE meter END AS own_meter,
        aws_tokens_per_unit(coalesce(consumed_unit, pricing_unit)) IS NOT NULL
            AND (aws_agrees(pricing_quantity, list_unit_price, list_cost)
                 OR aws_agrees(pricing_quantity, contracted_unit_price, contracted_cost)) AS tokens_are_known
    FROM known
)
SELECT * EXCLUDE (words, usage_type, is_bedrock, own_tags, said, own_meter, tokens_are_known) REPLACE (
    coalesce(nullif((SELECT config ->> '$.issuer' FROM source_facts), ''), 'Amazon Web Services, Inc.') AS invoice_issuer_name,
    'aws' AS provider,
    coalesce(own_meter, '') AS meter,
    CASE
        WHEN NOT (is_bedrock AND is_token_meter(own_meter)) OR charge_category <> 'Usage' THEN consumed_quantity
        WHEN tokens_are_known THEN aws_tokens(coalesce(consumed_quantity, pricing_quantity), coalesce(consumed_unit, pricing_unit))
    END AS consumed_quantity,
    CASE
        WHEN NOT (is_bedrock AND is_token_meter(own_meter)) OR charge_category <> 'Usage' THEN consumed_unit
        WHEN tokens_are_known THEN 'Tokens'
    END AS consumed_unit,
    coalesce(nullif(model, ''), CASE WHEN is_bedrock THEN aws_model(aws_model_words(usage_type, words)) END) AS model,
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
    coalesce(tag_of(said, 13), nullif(regexp_extract(resource_id, 'application-inference-profile/.+$'), '')) AS project,
    CASE WHEN is_bedrock THEN aws_service_tier(usage_type) ELSE service_tier END AS service_tier,
    own_tags AS tags
)
FROM read
