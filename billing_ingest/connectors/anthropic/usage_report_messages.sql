-- One usage row per result of a bucket, and one for its searches. The four kinds of input tokens
-- exclude one another.
WITH bucket AS (
    SELECT unnest(buckets) AS bucket, generate_subscripts(buckets, 1) AS b, _line
    FROM (SELECT doc->'$.data[*]' AS buckets, _line FROM raw)
),
result AS (
    SELECT
        bucket->>'starting_at' AS starting_at,
        bucket->>'ending_at' AS ending_at,
        unnest(results) AS item,
        generate_subscripts(results, 1) AS r,
        b,
        _line
    FROM (SELECT *, bucket->'$.results[*]' AS results FROM bucket)
),
written AS (
    SELECT
        *,
        row_number() OVER (ORDER BY _line, b, r) AS line,
        coalesce(item->>'$.cache_creation.ephemeral_5m_input_tokens', '0') AS written_5m,
        coalesce(item->>'$.cache_creation.ephemeral_1h_input_tokens', '0') AS written_1h
    FROM result
),
asked AS (
    SELECT
        (SELECT coalesce(bool_or((doc->>'$.asked.group_by') LIKE '%workspace_id%'), false) FROM raw)
        OR (SELECT coalesce(bool_or((item->>'workspace_id') IS NOT NULL), false) FROM result)
            AS by_workspace
)
SELECT
    line,
    starting_at AS occurred_at,
    CASE
        WHEN try_cast(ending_at AS TIMESTAMPTZ) - try_cast(starting_at AS TIMESTAMPTZ)
            >= INTERVAL 1 DAY THEN 'day'
        ELSE 'hour'
    END AS grain,
    use.meter,
    use.quantity,
    CASE WHEN use.meter IS NOT NULL THEN 'calls' END AS unit,
    CASE WHEN use.meter IS NULL THEN item->>'uncached_input_tokens' END AS input_tokens,
    CASE WHEN use.meter IS NULL THEN item->>'cache_read_input_tokens' END AS cached_input_tokens,
    CASE WHEN use.meter IS NULL THEN sum_of_counts(written_5m, written_1h) END AS cache_write_tokens,
    CASE WHEN use.meter IS NULL THEN written_1h END AS cache_write_1h_tokens,
    CASE WHEN use.meter IS NULL THEN item->>'output_tokens' END AS output_tokens,
    'anthropic' AS provider,
    coalesce(item->>'workspace_id', CASE WHEN by_workspace THEN 'default' END) AS sub_account_id,
    'anthropic:' || coalesce(item->>'account_id', item->>'service_account_id') AS actor,
    item->>'api_key_id' AS api_key,
    item->>'model' AS model,
    item->>'service_tier' AS service_tier,
    json_object('log', 'messages')::VARCHAR AS tags
FROM written
CROSS JOIN asked
-- Searches of the web are a use of their own beside the tokens.
CROSS JOIN LATERAL (
    SELECT NULL AS meter, NULL AS quantity
    UNION ALL
    SELECT 'web_search', item->>'$.server_tool_use.web_search_requests'
    WHERE coalesce(item->>'$.server_tool_use.web_search_requests', '0') <> '0'
) AS use
