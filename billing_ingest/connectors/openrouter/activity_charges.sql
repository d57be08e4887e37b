-- One charge per row of a day: `usage` is what left the account's credits, in dollars. What the
-- provider was paid directly on a key of one's own is not billed here.
WITH item AS (
    SELECT unnest(items) AS item, generate_subscripts(items, 1) AS i, _line
    FROM (SELECT doc->'$.data[*]' AS items, _line FROM raw)
),
lines AS (
    SELECT
        row_number() OVER (ORDER BY _line, i) AS line,
        left(item->>'date', 10) || 'T00:00:00Z' AS starts,
        strftime(try_cast(left(item->>'date', 10) AS DATE) + INTERVAL 1 DAY, '%Y-%m-%dT00:00:00Z') AS ends,
        item->>'usage' AS usage,
        coalesce(item->>'model_permaslug', item->>'model') AS model,
        item->>'provider_name' AS provider_name,
        NULL::VARCHAR AS api_key,
        json_object('endpoint_id', item->>'endpoint_id', 'byok_usage_inference', item->>'byok_usage_inference')::VARCHAR
            AS extras
    FROM item
)
FROM openrouter_charges('lines')
