WITH item AS (
    SELECT unnest(items) AS item, generate_subscripts(items, 1) AS i, _line
    FROM (SELECT doc->'$.data[*]' AS items, _line FROM raw)
)
SELECT
    row_number() OVER (ORDER BY _line, i) AS line,
    left(item->>'date', 10) || 'T00:00:00Z' AS occurred_at,
    'day' AS grain,
    'openrouter' AS provider,
    coalesce(item->>'model_permaslug', item->>'model') AS model,
    item->>'requests' AS requests,
    count_without(item->>'prompt_tokens', coalesce(item->>'cached_tokens', '0')) AS input_tokens,
    coalesce(item->>'cached_tokens', '0') AS cached_input_tokens,
    item->>'completion_tokens' AS output_tokens,
    dollar_sum(item->>'usage', item->>'byok_usage_inference') AS list_cost,
    without_nulls(json_object('log', 'openrouter_activity', 'served_by', item->>'provider_name')) AS tags
FROM item
