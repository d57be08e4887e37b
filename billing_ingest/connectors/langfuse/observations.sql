-- Observations that used a model, one by one or in pages. An observation may be told again; the
-- newest words count.
WITH item AS (
    SELECT unnest(items) AS item, generate_subscripts(items, 1) AS i, _line
    FROM (
        SELECT CASE WHEN json_type(doc->'data') = 'ARRAY' THEN doc->'$.data[*]' ELSE [doc] END AS items, _line
        FROM raw
    )
),
numbered AS (
    SELECT *, row_number() OVER (ORDER BY _line, i) AS line FROM item
),
newest AS (
    SELECT
        *,
        coalesce(item->'usageDetails', '{}'::JSON) AS used,
        coalesce(item->>'providedModelName', item->>'model') AS said_model,
        coalesce(item->>'totalCost', item->>'calculatedTotalCost', item->>'$.costDetails.total') AS dollars,
        coalesce(used->>'input', item->>'$.usage.input', item->>'promptTokens') AS said_input,
        coalesce(used->>'output', item->>'$.usage.output', item->>'completionTokens') AS said_output,
        coalesce(used->>'total', item->>'$.usage.total', item->>'totalTokens') AS said_total,
        coalesce(used->>'input_cached_tokens', used->>'input_cache_read', used->>'cache_read_input_tokens', '0')
            AS cached,
        coalesce(used->>'input_cache_creation', used->>'cache_creation_input_tokens', '0') AS written,
        json_merge_patch(coalesce(litellm_object(item->>'metadata'), '{}'::JSON), litellm_tags(item->>'tags')) AS own_tags,
        tags_said(own_tags::VARCHAR) AS said,
        (item->>'level') = 'ERROR' AS is_failed
    FROM numbered
    WHERE said_model IS NOT NULL
        OR upper(item->>'type') IN ('GENERATION', 'EMBEDDING')
    QUALIFY row_number() OVER (PARTITION BY item->>'id' ORDER BY line DESC) = 1
)
SELECT
    line,
    item->>'id' AS request_id,
    litellm_time(item->>'startTime') AS occurred_at,
    'hour' AS grain,
    coalesce(server_of(said_model), 'langfuse') AS provider,
    said_model AS model,
    coalesce(actor_of(tag_of(said, 1)), litellm_word(
        CASE WHEN contains(item->>'userId', '@') THEN lower(item->>'userId') ELSE 'langfuse:' || (item->>'userId') END))
        AS actor,
    tag_of(said, 13) AS project,
    clean(tag_of(said, 2)) AS team,
    lower(tag_of(said, 3)) AS repo,
    tag_of(said, 4) AS branch,
    lower(tag_of(said, 5)) AS pr,
    coalesce(tag_of(said, 6), item->>'sessionId') AS session,
    lower(tag_of(said, 7)) AS ticket,
    lower(tag_of(said, 8)) AS conversation,
    '1' AS requests,
    coalesce(is_failed, false)::INTEGER::VARCHAR AS failed_requests,
    (NOT coalesce(is_failed, false) AND upper(item->>'type') = 'GENERATION' AND said_output = '0')::INTEGER::VARCHAR
        AS empty_requests,
    input_apart(said_input, cached, written, said_output, said_total) AS input_tokens,
    cached AS cached_input_tokens,
    written AS cache_write_tokens,
    said_output AS output_tokens,
    dollars AS list_cost,
    CASE WHEN is_failed THEN dollars END AS failed_list_cost,
    CASE WHEN empty_requests = '1' THEN dollars END AS empty_list_cost,
    without_nulls(json_object(
        'log', 'langfuse', 'environment', item->>'environment', 'release', item->>'release',
        'name', item->>'name'
    )) AS tags
FROM newest
