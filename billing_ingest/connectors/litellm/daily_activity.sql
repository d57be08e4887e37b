-- Daily sums by model and, where the proxy says them, by key. Sums by tag are never added: a request
-- with two tags stands in both.
WITH day AS (
    SELECT unnest(days) AS day, generate_subscripts(days, 1) AS d, _line
    FROM (SELECT doc->'$.results[*]' AS days, _line FROM raw)
),
model AS (
    SELECT
        day->>'date' AS date,
        unnest(json_keys(day, '$.breakdown.models')) AS model,
        day->'$.breakdown.models' AS models,
        d,
        _line
    FROM day
),
part AS (
    SELECT *, models->model AS said FROM model
),
keyed AS (
    SELECT date, model, key, said->'api_key_breakdown'->key AS found, d, _line
    FROM (
        SELECT *, unnest(CASE WHEN len(json_keys(said, '$.api_key_breakdown')) > 0
            THEN json_keys(said, '$.api_key_breakdown') END) AS key
        FROM part
    )
    UNION ALL
    SELECT date, model, NULL, said, d, _line
    FROM part WHERE coalesce(len(json_keys(said, '$.api_key_breakdown')), 0) = 0
)
SELECT
    row_number() OVER (ORDER BY _line, d, model, key) AS line,
    date || 'T00:00:00Z' AS occurred_at,
    'day' AS grain,
    litellm_provider(CASE WHEN contains(model, '/') THEN split_part(model, '/', 1) END) AS provider,
    litellm_model(model, split_part(model, '/', 1)) AS model,
    litellm_word(key) AS api_key,
    litellm_actor(found->>'$.metadata.user_id', found->>'$.metadata.user_email') AS actor,
    found->>'$.metadata.team_id' AS team,
    found->>'$.metrics.api_requests' AS requests,
    found->>'$.metrics.failed_requests' AS failed_requests,
    count_without(
        count_without(found->>'$.metrics.prompt_tokens', coalesce(found->>'$.metrics.cache_read_input_tokens', '0')),
        coalesce(found->>'$.metrics.cache_creation_input_tokens', '0')) AS input_tokens,
    coalesce(found->>'$.metrics.cache_read_input_tokens', '0') AS cached_input_tokens,
    coalesce(found->>'$.metrics.cache_creation_input_tokens', '0') AS cache_write_tokens,
    found->>'$.metrics.completion_tokens' AS output_tokens,
    CASE
        WHEN try_cast(found->>'$.metrics.spend' AS DOUBLE) = 0
            AND found->>'$.metrics.total_tokens' <> '0' THEN NULL
        ELSE found->>'$.metrics.spend'
    END AS list_cost,
    json_object('log', 'litellm_daily')::VARCHAR AS tags
FROM keyed
