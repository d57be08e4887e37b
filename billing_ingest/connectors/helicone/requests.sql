-- Requests of a gateway, in pages. Offsets move while rows come in: a request of two pages is one.
WITH item AS (
    SELECT unnest(items) AS item, generate_subscripts(items, 1) AS i, _line
    FROM (
        SELECT CASE WHEN json_type(doc->'data') = 'ARRAY' THEN doc->'$.data[*]' ELSE [doc] END AS items, _line
        FROM raw
    )
),
read AS (
    SELECT
        *,
        coalesce(item->>'response_model', item->>'model_override', item->>'request_model') AS said_model,
        coalesce(item->>'cost', item->>'costUSD') AS said_cost,
        coalesce(item->>'prompt_cache_read_tokens', '0') AS cached,
        coalesce(item->>'prompt_cache_write_tokens', '0') AS written,
        coalesce(litellm_object(item->>'request_properties'), '{}'::JSON) AS own_tags,
        tags_said(own_tags::VARCHAR) AS said,
        try_cast(item->>'response_status' AS INTEGER) >= 400 AS is_failed,
        -- The store itself keeps billionths of a dollar: a whole number of thousands is no cost of a call.
        CASE WHEN regexp_full_match(said_cost, '[0-9]{4,}') THEN said_cost || ' for one call' ELSE said_cost END AS dollars
    FROM item
)
SELECT
    row_number() OVER (ORDER BY _line, i) AS line,
    item->>'request_id' AS request_id,
    litellm_time(item->>'request_created_at') AS occurred_at,
    'hour' AS grain,
    coalesce(litellm_provider(litellm_word(item->>'provider')), server_of(said_model)) AS provider,
    said_model AS model,
    coalesce(actor_of(tag_of(said, 1)), litellm_word(CASE
        WHEN contains(item->>'request_user_id', '@') THEN lower(item->>'request_user_id')
        ELSE 'helicone:' || (item->>'request_user_id') END)) AS actor,
    tag_of(said, 13) AS project,
    clean(tag_of(said, 2)) AS team,
    lower(tag_of(said, 3)) AS repo,
    tag_of(said, 4) AS branch,
    lower(tag_of(said, 5)) AS pr,
    tag_of(said, 6) AS session,
    lower(tag_of(said, 7)) AS ticket,
    lower(tag_of(said, 8)) AS conversation,
    '1' AS requests,
    coalesce(is_failed, false)::INTEGER::VARCHAR AS failed_requests,
    input_apart(item->>'prompt_tokens', cached, written, item->>'completion_tokens', item->>'total_tokens')
        AS input_tokens,
    cached AS cached_input_tokens,
    written AS cache_write_tokens,
    item->>'completion_tokens' AS output_tokens,
    dollars AS list_cost,
    CASE WHEN is_failed THEN dollars END AS failed_list_cost,
    without_nulls(json_merge_patch(own_tags, json_object('log', 'helicone'))) AS tags
FROM read
