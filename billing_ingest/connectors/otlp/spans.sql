-- Spans of gen_ai: one usage row per model call. Spans of agents and tools repeat the sums of the
-- calls inside them, so only calls of a model count. Both generations of attribute names are read.
WITH resource AS (
    SELECT unnest(parts) AS part, generate_subscripts(parts, 1) AS a, _line
    FROM (SELECT doc->'$.resourceSpans[*]' AS parts, _line FROM raw)
),
scope AS (
    SELECT of_resource, unnest(parts) AS part, generate_subscripts(parts, 1) AS b, a, _line
    FROM (
        SELECT part->'$.resource.attributes[*]' AS of_resource, part->'$.scopeSpans[*]' AS parts, a, _line
        FROM resource
    )
),
span AS (
    SELECT of_resource, unnest(parts) AS span, generate_subscripts(parts, 1) AS c, a, b, _line
    FROM (SELECT *, part->'$.spans[*]' AS parts FROM scope)
),
said AS (
    SELECT
        otlp_attributes(of_resource) AS r, otlp_attributes(of_span) AS e,
        span->>'startTimeUnixNano' AS started, span->>'traceId' AS trace_id, span->>'spanId' AS span_id,
        lower(span->>'name') AS span_name, span->>'$.status.code' AS status, _line, a, b, c
    FROM (SELECT *, span->'$.attributes[*]' AS of_span FROM span)
),
call AS (
    SELECT
        *,
        lower(coalesce(
            otlp_said(e, 'gen_ai.operation.name'), otlp_said(e, 'llm.request.type'), split_part(span_name, ' ', 1)
        )) AS operation,
        coalesce(otlp_said(e, 'gen_ai.provider.name'), otlp_said(e, 'gen_ai.system')) AS system,
        otlp_said(e, 'error.type') IS NOT NULL OR coalesce(status, '') IN ('2', 'STATUS_CODE_ERROR') AS failed,
        count_of(coalesce(otlp_said(e, 'gen_ai.usage.input_tokens'), otlp_said(e, 'gen_ai.usage.prompt_tokens'))) AS fed,
        count_of(coalesce(
            otlp_said(e, 'gen_ai.usage.cache_read.input_tokens'), otlp_said(e, 'gen_ai.usage.cache_read_input_tokens')
        )) AS cached,
        count_of(coalesce(
            otlp_said(e, 'gen_ai.usage.cache_creation.input_tokens'),
            otlp_said(e, 'gen_ai.usage.cache_creation_input_tokens')
        )) AS written,
        count_of(coalesce(otlp_said(e, 'gen_ai.usage.output_tokens'), otlp_said(e, 'gen_ai.usage.completion_tokens')))
            AS output_tokens
    FROM said
)
SELECT
    row_number() OVER (ORDER BY _line, a, b, c) AS line,
    otlp_time(started) AS occurred_at,
    coalesce(otlp_said(e, 'gen_ai.response.id'), concat_ws(':', trace_id, span_id)) AS request_id,
    '1' AS requests,
    CASE WHEN failed THEN '1' ELSE '0' END AS failed_requests,
    -- An answer without a word.
    CASE WHEN NOT failed AND output_tokens = '0' AND operation NOT LIKE 'embedding%' THEN '1' ELSE '0' END AS empty_requests,
    -- The whole input includes what came from and went into the cache. Where it is smaller than
    -- those, the program handed on the vendor's own number, which does not.
    count_without(fed, coalesce(count_sum(cached, written), '0')) AS input_tokens,
    cached AS cached_input_tokens,
    written AS cache_write_tokens,
    output_tokens,
    gen_ai_provider(system) AS provider,
    coalesce(
        CASE WHEN contains(otlp_said(e, 'user.email'), '@') THEN lower(otlp_said(e, 'user.email')) END,
        otel_person(coalesce(otlp_said(e, 'user.id'), otlp_said(e, 'enduser.id')))
    ) AS actor,
    otlp_said(e, 'session.id') AS session,
    lower(otlp_said(e, 'gen_ai.conversation.id')) AS conversation,
    gen_ai_model(e) AS model,
    coalesce(otlp_said(r, 'outlay.team'), otlp_said(r, 'team'), otlp_said(r, 'team.id')) AS team,
    coalesce(otlp_said(r, 'outlay.project'), otlp_said(r, 'project'), otlp_said(r, 'service.name')) AS project,
    repo_of(coalesce(otlp_said(r, 'outlay.repo'), otlp_said(r, 'vcs.repository.url.full'))) AS repo,
    coalesce(otlp_said(r, 'outlay.branch'), otlp_said(r, 'vcs.ref.head.name')) AS branch,
    without_nulls(json_object('log', 'gen_ai', 'operation', operation, 'cost_center', otlp_said(r, 'cost_center'))) AS tags
FROM call
WHERE system IS NOT NULL
    AND operation IN ('chat', 'completion', 'text_completion', 'generate_content', 'embeddings', 'embedding')
UNION ALL
-- A line that holds something else belongs into another file: said as a row without a time.
SELECT _line, NULL, NULL, '1', NULL, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM raw WHERE NOT json_exists(doc, '$.resourceSpans')
