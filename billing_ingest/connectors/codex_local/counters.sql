-- What the command on a user's machine added up: one line per machine, session and day.
-- Of two that came one after the other the later one counts.
WITH object AS (
    SELECT *, concat_ws('/', doc->>'machine', doc->>'session', doc->>'day') AS object_key FROM raw
),
newest AS (
    SELECT * FROM object QUALIFY _line = max(_line) OVER (PARTITION BY object_key)
),
summed AS (
    SELECT doc, object_key, unnest(parts) AS item, generate_subscripts(parts, 1) AS n, _line
    FROM (SELECT *, doc->'$.rows[*]' AS parts FROM newest)
)
SELECT
    row_number() OVER (ORDER BY _line, n) AS line,
    object_key,
    item->>'hour' AS occurred_at,
    item->>'requests' AS requests,
    item->>'empty_requests' AS empty_requests,
    item->>'input_tokens' AS input_tokens,
    item->>'cached_input_tokens' AS cached_input_tokens,
    item->>'cache_write_tokens' AS cache_write_tokens,
    item->>'cache_write_1h_tokens' AS cache_write_1h_tokens,
    item->>'output_tokens' AS output_tokens,
    item->>'list_cost' AS list_cost,
    'openai' AS provider,
    coalesce(nullif(lower(trim(doc->>'person')), ''), 'machine:' || (doc->>'machine')) AS actor,
    doc->>'session' AS session,
    item->>'repo' AS repo,
    item->>'branch' AS branch,
    item->>'model' AS model,
    '{"log":"codex"}' AS tags
FROM summed
