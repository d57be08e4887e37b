-- One usage row per actor, terminal and model of a day. The estimate is a number of cents.
WITH activity AS (
    SELECT unnest(activities) AS activity, generate_subscripts(activities, 1) AS a, _line
    FROM (SELECT doc->'$.data[*]' AS activities, _line FROM raw)
),
used AS (
    SELECT activity, unnest(models) AS item, generate_subscripts(models, 1) AS m, a, _line
    FROM (SELECT *, activity->'$.model_breakdown[*]' AS models FROM activity)
),
measured AS (
    SELECT *, item->>'$.estimated_cost.amount' AS cents FROM used
)
SELECT
    row_number() OVER (ORDER BY _line, a, m) AS line,
    left(activity->>'date', 10) || 'T00:00:00Z' AS occurred_at,
    'day' AS grain,
    -- What a subscription paid for is not explained by the API's charges.
    CASE
        WHEN (activity->>'customer_type') = 'subscription' THEN source_key || '/subscription'
    END AS billing_scope,
    item->>'$.tokens.input' AS input_tokens,
    item->>'$.tokens.cache_read' AS cached_input_tokens,
    item->>'$.tokens.cache_creation' AS cache_write_tokens,
    item->>'$.tokens.output' AS output_tokens,
    CASE
        WHEN cents IS NULL THEN NULL
        WHEN (item->>'$.estimated_cost.currency') = 'USD'
            AND regexp_full_match(cents, '[0-9]{1,14}(\.[0-9]{1,16})?')
            THEN (cents::DECIMAL(38, 16) * 0.01::DECIMAL(3, 2))::VARCHAR
        ELSE concat_ws(' ', cents, 'hundredths of', item->>'$.estimated_cost.currency')
    END AS list_cost,
    item->>'$.estimated_cost.currency' AS list_currency,
    'anthropic' AS provider,
    lower(trim(activity->>'$.actor.email_address')) AS actor,
    activity->>'$.actor.api_key_name' AS api_key,
    item->>'model' AS model,
    CASE
        WHEN (activity->>'customer_type') = 'subscription' THEN json_object(
            'log', 'claude_code', 'terminal', activity->>'terminal_type', 'paid_by', 'seat'
        )
        ELSE json_object('log', 'claude_code', 'terminal', activity->>'terminal_type')
    END::VARCHAR AS tags
FROM measured CROSS JOIN source_facts
