-- One usage row per result of a bucket of completions, embeddings or moderations. The vendor counts
-- cached tokens and cache writes among the input tokens; here the classes exclude one another.
WITH bucket AS (
    SELECT unnest(buckets) AS bucket, generate_subscripts(buckets, 1) AS b, _line
    FROM (SELECT doc->'$.data[*]' AS buckets, _line FROM raw)
),
result AS (
    SELECT
        unix_time(bucket->>'start_time') AS starts,
        try_cast(bucket->>'end_time' AS BIGINT) - try_cast(bucket->>'start_time' AS BIGINT) AS seconds,
        unnest(results) AS item,
        generate_subscripts(results, 1) AS r,
        b,
        _line
    FROM (SELECT *, bucket->'$.results[*]' AS results FROM bucket)
),
counted AS (
    SELECT
        *,
        coalesce(item->>'input_tokens', '0') AS total,
        coalesce(item->>'input_cached_tokens', '0') AS cached,
        coalesce(item->>'input_cache_write_tokens', '0') AS written,
        item->>'input_uncached_tokens' AS stated
    FROM result
),
parted AS (
    SELECT
        *,
        CASE
            WHEN regexp_full_match(concat_ws(',', total, cached, written), '([0-9]{1,15},){2}[0-9]{1,15}')
                THEN (total::BIGINT - cached::BIGINT - written::BIGINT)::VARCHAR
            ELSE concat_ws(' ', total, 'without', cached, 'and', written)
        END AS uncached
    FROM counted
)
SELECT
    row_number() OVER (ORDER BY _line, b, r) AS line,
    starts AS occurred_at,
    CASE WHEN seconds < 86400 THEN 'hour' ELSE 'day' END AS grain,
    item->>'num_model_requests' AS requests,
    -- Parts that do not add up are refused: one of them means something else than we think.
    CASE
        WHEN stated IS NULL OR stated = uncached THEN uncached
        ELSE concat_ws(' ', stated, 'of', total, 'with', cached, 'cached and', written, 'written')
    END AS input_tokens,
    item->>'input_cached_tokens' AS cached_input_tokens,
    item->>'input_cache_write_tokens' AS cache_write_tokens,
    item->>'output_tokens' AS output_tokens,
    'openai' AS provider,
    item->>'project_id' AS sub_account_id,
    'openai:' || (item->>'user_id') AS actor,
    item->>'api_key_id' AS api_key,
    item->>'model' AS model,
    CASE
        WHEN (item->>'batch') = 'true' THEN 'batch'
        WHEN (item->>'service_tier') = 'default' THEN 'standard'
        ELSE item->>'service_tier'
    END AS service_tier,
    json_object('log', regexp_extract(item->>'object', 'usage\.([a-z_]+)', 1))::VARCHAR AS tags
FROM parted
