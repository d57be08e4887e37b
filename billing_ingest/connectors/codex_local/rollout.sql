-- A rollout as Codex writes it: running totals of tokens, now and then with the last increase.
WITH line AS (
    SELECT
        _line,
        doc->>'timestamp' AS said_at,
        last_value(CASE WHEN (doc->>'type') IN ('turn_context', 'session_meta') THEN doc->>'$.payload.model' END IGNORE NULLS)
            OVER up AS model_said,
        last_value(CASE WHEN (doc->>'type') = 'session_meta' THEN doc->>'$.payload.id' END IGNORE NULLS) OVER up
            AS session_said,
        last_value(CASE WHEN (doc->>'type') = 'session_meta' THEN doc->>'$.payload.git.branch' END IGNORE NULLS) OVER up
            AS branch,
        last_value(CASE WHEN (doc->>'type') = 'session_meta' THEN doc->>'$.payload.git.repository_url' END IGNORE NULLS)
            OVER up AS remote,
        CASE WHEN (doc->>'$.payload.type') = 'token_count' THEN doc->'$.payload.info' END AS info
    FROM raw
    WINDOW up AS (ORDER BY _line ROWS UNBOUNDED PRECEDING)
),
reported AS (
    SELECT
        *,
        json_extract(info, '$.total_token_usage') AS total,
        CASE WHEN json_type(info, '$.last_token_usage') = 'OBJECT' THEN info->'last_token_usage' END AS last
    FROM line WHERE json_type(info) = 'OBJECT'
),
grown AS (
    SELECT *, lag(total) OVER (ORDER BY _line) AS before FROM reported
),
counted AS (
    SELECT
        *,
        coalesce(last->>'input_tokens', increase(total->>'input_tokens', before->>'input_tokens')) AS fed,
        coalesce(last->>'cached_input_tokens', increase(total->>'cached_input_tokens', before->>'cached_input_tokens'))
            AS cached,
        coalesce(last->>'output_tokens', increase(total->>'output_tokens', before->>'output_tokens')) AS answered
    FROM grown
    -- A total that is said again is no call.
    WHERE before IS NULL OR total IS NULL OR total::VARCHAR <> before::VARCHAR
)
SELECT
    row_number() OVER (ORDER BY _line) AS line,
    said_at AS occurred_at,
    '1' AS requests,
    CASE WHEN answered = '0' THEN '1' ELSE '0' END AS empty_requests,
    count_without(fed, cached) AS input_tokens,
    cached AS cached_input_tokens,
    answered AS output_tokens,
    'openai' AS provider,
    coalesce(session_said, regexp_replace(filename, '\.jsonl.*$', '')) AS session,
    repo_of(remote) AS repo,
    branch,
    coalesce(info->>'model', model_said) AS model,
    '{"log":"codex"}' AS tags
FROM counted CROSS JOIN source_facts
