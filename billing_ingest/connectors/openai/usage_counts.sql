-- One usage row per result of a bucket of uses that are no tokens: how many of what.
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
named AS (
    SELECT *, regexp_extract(item->>'object', 'usage\.([a-z_]+)', 1) AS log FROM result
)
SELECT
    row_number() OVER (ORDER BY _line, b, r) AS line,
    starts AS occurred_at,
    CASE WHEN seconds < 86400 THEN 'hour' ELSE 'day' END AS grain,
    CASE log
        WHEN 'audio_speeches' THEN 'characters'
        WHEN 'audio_transcriptions' THEN 'audio_seconds'
        WHEN 'vector_stores' THEN 'vector_store_bytes'
        WHEN 'code_interpreter_sessions' THEN 'code_interpreter'
        WHEN 'file_searches' THEN 'file_search'
        WHEN 'web_searches' THEN 'web_search'
        ELSE log
    END AS meter,
    CASE log
        WHEN 'images' THEN item->>'images'
        WHEN 'audio_speeches' THEN item->>'characters'
        WHEN 'audio_transcriptions' THEN item->>'seconds'
        WHEN 'vector_stores' THEN item->>'usage_bytes'
        WHEN 'code_interpreter_sessions' THEN item->>'num_sessions'
        ELSE item->>'num_requests'
    END AS quantity,
    CASE log
        WHEN 'images' THEN 'images'
        WHEN 'audio_speeches' THEN 'characters'
        WHEN 'audio_transcriptions' THEN 'seconds'
        WHEN 'vector_stores' THEN 'bytes'
        WHEN 'code_interpreter_sessions' THEN 'sessions'
        ELSE 'calls'
    END AS unit,
    -- The requests that searched the web are counted with the tokens already.
    CASE WHEN log <> 'web_searches' THEN item->>'num_model_requests' END AS requests,
    'openai' AS provider,
    item->>'project_id' AS sub_account_id,
    'openai:' || (item->>'user_id') AS actor,
    item->>'api_key_id' AS api_key,
    item->>'model' AS model,
    json_merge_patch('{}', json_object(
        'log', log, 'size', item->>'size', 'source', item->>'source',
        'vector_store', item->>'vector_store_id', 'context', item->>'context_level'
    ))::VARCHAR AS tags
FROM named
