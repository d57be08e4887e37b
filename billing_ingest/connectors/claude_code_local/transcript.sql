-- A transcript as Claude Code writes it: lines of answers, several for one answer.
WITH answer AS (
    SELECT
        _line,
        doc->>'timestamp' AS said_at,
        doc->>'sessionId' AS session,
        coalesce(doc->>'requestId', '') AS request,
        coalesce(doc->>'$.message.id', '') AS message,
        doc->>'$.message.model' AS model,
        doc->'$.message.usage' AS usage,
        doc->>'gitBranch' AS branch,
        doc->>'costUSD' AS cost,
        coalesce(doc->>'isSidechain', 'false') = 'true' AS is_side
    FROM raw
    WHERE json_exists(doc, '$.message.usage') AND coalesce(doc->>'$.message.model', '') <> '<synthetic>'
),
ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY message, request, CASE WHEN message = '' THEN _line END
            ORDER BY try_cast(usage->>'output_tokens' AS BIGINT) DESC NULLS LAST, _line DESC
        ) AS place,
        -- A side chain repeats calls of its parent under other request ids.
        bool_or(NOT is_side) OVER (PARTITION BY message) AND is_side AND message <> '' AS is_copy
    FROM answer
)
SELECT
    row_number() OVER (ORDER BY _line) AS line,
    said_at AS occurred_at,
    CASE WHEN message <> '' THEN message || '|' || request END AS request_id,
    '1' AS requests,
    CASE WHEN (usage->>'output_tokens') = '0' THEN '1' ELSE '0' END AS empty_requests,
    usage->>'input_tokens' AS input_tokens,
    usage->>'cache_read_input_tokens' AS cached_input_tokens,
    usage->>'cache_creation_input_tokens' AS cache_write_tokens,
    usage->>'$.cache_creation.ephemeral_1h_input_tokens' AS cache_write_1h_tokens,
    usage->>'output_tokens' AS output_tokens,
    cost AS list_cost,
    claude_server(coalesce(model, '')) AS provider,
    session,
    branch,
    model,
    '{"log":"claude_code"}' AS tags
FROM ranked
WHERE place = 1 AND NOT is_copy
