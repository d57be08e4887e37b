-- Log records: one usage row per call that Claude Code, Codex or Gemini CLI reports.
WITH resource AS (
    SELECT unnest(parts) AS part, generate_subscripts(parts, 1) AS a, _line
    FROM (SELECT doc->'$.resourceLogs[*]' AS parts, _line FROM raw)
),
scope AS (
    SELECT of_resource, unnest(parts) AS part, generate_subscripts(parts, 1) AS b, a, _line
    FROM (
        SELECT part->'$.resource.attributes[*]' AS of_resource, part->'$.scopeLogs[*]' AS parts, a, _line
        FROM resource
    )
),
record AS (
    SELECT of_resource, unnest(parts) AS record, generate_subscripts(parts, 1) AS c, a, b, _line
    FROM (SELECT *, part->'$.logRecords[*]' AS parts FROM scope)
),
said AS (
    SELECT
        otlp_attributes(of_resource) AS r,
        otlp_attributes(of_record) AS e,
        record->>'timeUnixNano' AS nanos,
        record->>'observedTimeUnixNano' AS seen_nanos,
        coalesce(otlp_said(otlp_attributes(of_record), 'event.name'), record->>'eventName', record->>'$.body.stringValue')
            AS event_name,
        _line, a, b, c
    FROM (SELECT *, record->'$.attributes[*]' AS of_record FROM record)
),
call AS (
    SELECT
        *,
        CASE
            WHEN event_name IN ('api_request', 'claude_code.api_request', 'api_error', 'claude_code.api_error')
                THEN 'claude_code'
            WHEN event_name = 'codex.sse_event' AND otlp_said(e, 'event.kind') = 'response.completed' THEN 'codex'
            -- An answer that failed; the one that came is the event above.
            WHEN event_name = 'codex.api_request'
                AND coalesce(otlp_said(e, 'http.response.status_code'), '') NOT IN ('', '0')
                AND otlp_said(e, 'http.response.status_code') NOT LIKE '2__' THEN 'codex'
            WHEN event_name IN ('gemini_cli.api_response', 'gemini_cli.api_error') THEN 'gemini_cli'
        END AS tool,
        event_name IN ('api_error', 'claude_code.api_error', 'codex.api_request', 'gemini_cli.api_error') AS failed
    FROM said
),
measured AS (
    SELECT
        *,
        coalesce(otlp_time(nullif(nanos, '0')), otlp_said(e, 'event.timestamp'), otlp_time(seen_nanos)) AS occurred_at,
        coalesce(otlp_said(e, 'session.id'), otlp_said(e, 'conversation.id')) AS session,
        count_of(coalesce(otlp_said(e, 'input_tokens'), otlp_said(e, 'input_token_count'))) AS fed,
        count_of(coalesce(
            otlp_said(e, 'cache_read_tokens'), otlp_said(e, 'cached_token_count'),
            otlp_said(e, 'cached_content_token_count')
        )) AS cached,
        count_of(otlp_said(e, 'cache_creation_tokens')) AS written,
        count_of(coalesce(otlp_said(e, 'output_tokens'), otlp_said(e, 'output_token_count'))) AS answered,
        count_of(otlp_said(e, 'thoughts_token_count')) AS thought,
        count_of(otlp_said(e, 'tool_token_count')) AS of_tools,
        coalesce(otlp_said(e, 'model'), otlp_said(e, 'slug')) AS model,
        coalesce(otlp_said(e, 'auth_mode'), otlp_said(e, 'auth_type')) AS signed_in,
        otlp_said(e, 'cost_usd') AS usd,
        count_of(otlp_said(e, 'cost_usd_micros')) AS micros
    FROM call WHERE tool IS NOT NULL
),
valued AS (
    SELECT
        *,
        CASE WHEN tool = 'gemini_cli' THEN count_sum(answered, thought) ELSE answered END AS output_tokens,
        CASE
            WHEN usd IS NOT NULL THEN usd
            WHEN is_count(micros) THEN (micros::DECIMAL(20, 0) * 0.000001::DECIMAL(7, 6))::VARCHAR
            ELSE micros
        END AS list_cost,
        -- A plan that costs the same however much is used.
        regexp_matches(lower(coalesce(signed_in, '')), 'chatgpt|oauth') AS by_seat
    FROM measured
),
judged AS (
    -- An answer without a word.
    SELECT *, NOT failed AND coalesce(output_tokens, '') = '0' AS is_empty FROM valued
)
SELECT
    row_number() OVER (ORDER BY _line, a, b, c) AS line,
    occurred_at,
    CASE WHEN by_seat THEN source_key || '/subscription' END AS billing_scope,
    CASE
        WHEN tool = 'claude_code' AND NOT failed AND otlp_said(e, 'request_id') IS NOT NULL
            THEN otlp_said(e, 'request_id')
        WHEN session IS NOT NULL AND otlp_said(e, 'event.sequence') IS NOT NULL
            THEN concat_ws('#', event_name, session, otlp_said(e, 'event.sequence'))
        ELSE md5(concat_ws(
            '|', event_name, coalesce(session, ''), coalesce(occurred_at, ''), coalesce(otlp_said(e, 'event.timestamp'), ''),
            coalesce(otlp_said(e, 'prompt_id'), ''), coalesce(model, ''), coalesce(fed, ''), coalesce(cached, ''),
            coalesce(answered, ''), coalesce(otlp_said(e, 'attempt'), '')
        ))
    END AS request_id,
    '1' AS requests,
    CASE WHEN failed THEN '1' ELSE '0' END AS failed_requests,
    CASE WHEN try_cast(otlp_said(e, 'attempt') AS INTEGER) > 1 THEN '1' ELSE '0' END AS retried_requests,
    CASE WHEN is_empty THEN '1' ELSE '0' END AS empty_requests,
    CASE WHEN is_empty THEN list_cost END AS empty_list_cost,
    CASE tool
        WHEN 'claude_code' THEN fed
        WHEN 'codex' THEN count_without(fed, cached)
        ELSE count_sum(count_without(fed, cached), of_tools)
    END AS input_tokens,
    cached AS cached_input_tokens,
    written AS cache_write_tokens,
    output_tokens,
    list_cost,
    CASE tool
        WHEN 'claude_code' THEN claude_server(coalesce(model, ''))
        WHEN 'codex' THEN 'openai'
        ELSE 'gcp'
    END AS provider,
    CASE
        WHEN contains(otlp_said(e, 'user.email'), '@') THEN lower(otlp_said(e, 'user.email'))
        WHEN tool = 'claude_code' THEN coalesce(
            'anthropic:' || otlp_said(e, 'user.account_id'), 'claude_code:' || otlp_said(e, 'user.id')
        )
        WHEN tool = 'codex' THEN 'openai:' || otlp_said(e, 'user.account_id')
        ELSE 'gemini_cli:' || otlp_said(e, 'installation.id')
    END AS actor,
    session,
    model,
    coalesce(otlp_said(r, 'outlay.team'), otlp_said(r, 'team'), otlp_said(r, 'team.id')) AS team,
    coalesce(otlp_said(r, 'outlay.project'), otlp_said(r, 'project')) AS project,
    repo_of(coalesce(otlp_said(r, 'outlay.repo'), otlp_said(r, 'vcs.repository.url.full'))) AS repo,
    coalesce(otlp_said(r, 'outlay.branch'), otlp_said(r, 'vcs.ref.head.name')) AS branch,
    without_nulls(json_object(
        'log', tool,
        'terminal', otlp_said(e, 'terminal.type'),
        'asked_by', otlp_said(e, 'query_source'),
        'speed', nullif(otlp_said(e, 'speed'), 'normal'),
        'cost_center', otlp_said(r, 'cost_center'),
        'paid_by', CASE WHEN by_seat THEN 'seat' END
    )) AS tags
FROM judged CROSS JOIN source_facts
UNION ALL
-- A line that holds something else belongs into another file: said as a row without a time.
SELECT _line, NULL, NULL, NULL, '1', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM raw WHERE NOT json_exists(doc, '$.resourceLogs')
