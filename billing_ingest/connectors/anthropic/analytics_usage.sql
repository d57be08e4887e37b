-- One usage row per row of the analytics API, and one for its searches. Rows without a name are
-- several people: all count. The kinds of input tokens exclude one another.
WITH given AS (
    SELECT
        unnest(rows) AS item,
        generate_subscripts(rows, 1) AS r,
        last_value(doc->>'$.asked.group_by' IGNORE NULLS) OVER (ORDER BY _line) AS groups,
        _line
    FROM (SELECT doc, doc->'$.data[*]' AS rows, _line FROM raw)
),
asked AS (
    SELECT coalesce(bool_or(groups LIKE '%workspace_id%' OR (item->>'$.group.workspace_id') IS NOT NULL), false)
        AS by_workspace
    FROM given
),
written AS (
    SELECT
        *,
        row_number() OVER (ORDER BY _line, r) AS line,
        item->>'starting_at' AS starts,
        item->>'ending_at' AS ends,
        item->'$.group.actor' AS who,
        coalesce(item->>'$.usage.cache_creation.ephemeral_5m_input_tokens', '0') AS written_5m,
        coalesce(item->>'$.usage.cache_creation.ephemeral_1h_input_tokens', '0') AS written_1h
    FROM given CROSS JOIN asked
)
SELECT
    line,
    -- Groups of roles overlap, and a sum over several days cannot be restated day by day.
    CASE
        WHEN (item->>'$.group.rbac_group_id') IS NOT NULL THEN concat(starts, ' of an RBAC group')
        WHEN one_day(starts, ends) <> ends THEN one_day(starts, ends)
        ELSE starts
    END AS occurred_at,
    CASE
        WHEN try_cast(ends AS TIMESTAMPTZ) - try_cast(starts AS TIMESTAMPTZ) >= INTERVAL 1 DAY THEN 'day'
        ELSE 'hour'
    END AS grain,
    use.meter,
    use.quantity,
    CASE WHEN use.meter IS NOT NULL THEN 'calls' END AS unit,
    CASE WHEN use.meter IS NULL THEN item->>'$.usage.requests' END AS requests,
    CASE WHEN use.meter IS NULL THEN item->>'$.usage.uncached_input_tokens' END AS input_tokens,
    CASE WHEN use.meter IS NULL THEN item->>'$.usage.cache_read_input_tokens' END AS cached_input_tokens,
    CASE WHEN use.meter IS NULL THEN sum_of_counts(written_5m, written_1h) END AS cache_write_tokens,
    CASE WHEN use.meter IS NULL THEN written_1h END AS cache_write_1h_tokens,
    CASE WHEN use.meter IS NULL THEN item->>'$.usage.output_tokens' END AS output_tokens,
    'anthropic' AS provider,
    coalesce(item->>'$.group.workspace_id', CASE WHEN by_workspace THEN 'default' END) AS sub_account_id,
    claude_actor(who) AS actor,
    coalesce(item->>'$.group.api_key_id', who->>'api_key_id') AS api_key,
    item->>'$.group.session_id' AS session,
    item->>'$.group.model' AS model,
    item->>'$.group.service_tier' AS service_tier,
    json_merge_patch('{}', json_object('log', 'analytics', 'product', item->>'$.group.product'))::VARCHAR AS tags
FROM written
CROSS JOIN LATERAL (
    SELECT NULL AS meter, NULL AS quantity
    UNION ALL
    SELECT 'web_search', item->>'$.usage.server_tool_use.web_search_requests'
    WHERE coalesce(item->>'$.usage.server_tool_use.web_search_requests', '0') <> '0'
) AS use
