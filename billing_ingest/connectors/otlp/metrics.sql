-- Data points of token counters: one usage row per set of attributes and interval.
-- Claude Code, Gemini CLI and Codex count in meters of their own; other programs in gen_ai's.
WITH resource AS (
    SELECT unnest(parts) AS part, generate_subscripts(parts, 1) AS a, _line
    FROM (SELECT doc->'$.resourceMetrics[*]' AS parts, _line FROM raw)
),
scope AS (
    SELECT of_resource, unnest(parts) AS part, generate_subscripts(parts, 1) AS b, a, _line
    FROM (
        SELECT part->'$.resource.attributes[*]' AS of_resource, part->'$.scopeMetrics[*]' AS parts, a, _line
        FROM resource
    )
),
metric AS (
    SELECT of_resource, scope_name, unnest(parts) AS metric, generate_subscripts(parts, 1) AS c, a, b, _line
    FROM (SELECT *, part->>'$.scope.name' AS scope_name, part->'$.metrics[*]' AS parts FROM scope)
),
series AS (
    SELECT
        of_resource, scope_name, metric->>'name' AS metric_name,
        coalesce(metric->'sum', metric->'histogram') AS points_of, a, b, c, _line
    FROM metric
    WHERE (metric->>'name') IN (
        'claude_code.token.usage', 'claude_code.cost.usage', 'gemini_cli.token.usage', 'codex.turn.token_usage',
        'gen_ai.client.token.usage'
    )
),
point AS (
    SELECT
        of_resource, scope_name, metric_name, points_of->>'aggregationTemporality' AS temporality,
        unnest(parts) AS point, generate_subscripts(parts, 1) AS d, a, b, c, _line
    FROM (SELECT *, points_of->'$.dataPoints[*]' AS parts FROM series)
),
said AS (
    SELECT
        otlp_attributes(of_resource) AS r, otlp_attributes(of_point) AS e, coalesce(scope_name, '') AS scope_name,
        metric_name, coalesce(temporality, '') IN ('2', 'AGGREGATION_TEMPORALITY_CUMULATIVE') AS is_cumulative,
        coalesce(point->>'startTimeUnixNano', '0') AS started, point->>'timeUnixNano' AS ended,
        coalesce(point->>'asInt', point->>'asDouble', point->>'sum') AS total, point->>'count' AS times,
        _line, a, b, c, d
    FROM (SELECT *, point->'$.attributes[*]' AS of_point FROM point)
),
known AS (
    SELECT *, otlp_identity(r) AS of_resource, otlp_identity(e) AS of_point FROM said
    -- Gemini CLI counts the same tokens in a meter of its own.
    WHERE NOT (metric_name = 'gen_ai.client.token.usage'
        AND coalesce(otlp_said(r, 'service.name'), scope_name) LIKE 'gemini-cli%')
),
-- An exporter that got no answer sends a point again.
once AS (
    SELECT DISTINCT ON (of_resource, scope_name, metric_name, of_point, started, ended) * FROM known
    ORDER BY _line, a, b, c, d
),
counted AS (
    SELECT
        * EXCLUDE (total, times),
        CASE WHEN is_cumulative THEN increase(total, lag(total) OVER series) ELSE total END AS total,
        CASE WHEN is_cumulative THEN increase(times, lag(times) OVER series) ELSE times END AS times
    FROM once
    WINDOW series AS (
        PARTITION BY of_resource, scope_name, metric_name, of_point, started, is_cumulative
        ORDER BY try_cast(ended AS HUGEINT)
    )
),
typed AS (
    SELECT
        * EXCLUDE (total, times),
        CASE WHEN metric_name = 'claude_code.cost.usage' THEN total ELSE count_of(total) END AS total,
        count_of(times) AS times,
        split_part(metric_name, '.', 1) AS family,
        lower(coalesce(
            otlp_said(e, 'type'), otlp_said(e, 'token_type'), otlp_said(e, 'gen_ai.token.type'), ''
        )) AS kind,
        lower(coalesce(otlp_said(e, 'gen_ai.token.cache'), 'none')) AS cache,
        otlp_identity_without(e, ['type', 'token_type', 'gen_ai.token.type', 'gen_ai.token.cache']) AS of_call
    FROM counted
    WHERE NOT regexp_full_match(coalesce(total, '0'), '0*(\.0*)?')
),
together AS (
    SELECT
        family, min(struct_pack(_line, a, b, c, d)) AS place, any_value(r) AS r, any_value(e) AS e, ended,
        md5(concat_ws('|', of_resource, scope_name, of_call, ended,
            string_agg(metric_name || kind || cache, ',' ORDER BY metric_name, kind, cache))) AS request_id,
        sum_of_counts(list(total) FILTER (kind = 'input' AND cache NOT IN ('read', 'creation'))) AS fed,
        sum_of_counts(list(total) FILTER (
            kind IN ('cacheread', 'cache', 'cached_input') OR (kind = 'input' AND cache = 'read')
        )) AS cached,
        sum_of_counts(list(total) FILTER (
            kind = 'cachecreation' OR (kind = 'input' AND cache = 'creation')
        )) AS written,
        sum_of_counts(list(total) FILTER (kind IN ('output', 'thought'))) AS output_tokens,
        sum_of_counts(list(total) FILTER (kind = 'tool')) AS of_tools,
        sum_of_counts(list(times) FILTER (
            kind = 'input' AND family = 'gen_ai' AND cache NOT IN ('read', 'creation')
        )) AS requests,
        any_value(total) FILTER (metric_name = 'claude_code.cost.usage') AS list_cost
    FROM typed
    -- Counters of one call may have begun at different times.
    GROUP BY family, of_resource, scope_name, of_call, ended
),
named AS (
    SELECT
        *,
        coalesce(otlp_said(e, 'model'), gen_ai_model(e)) AS model,
        coalesce(otlp_said(e, 'user.email'), otlp_said(r, 'user.email')) AS email,
        regexp_matches(lower(coalesce(otlp_said(e, 'auth_mode'), otlp_said(e, 'auth_type'), '')), 'chatgpt|oauth')
            AS by_seat
    FROM together
)
SELECT
    row_number() OVER (ORDER BY place) AS line,
    -- The end of an interval belongs to it.
    CASE WHEN try_cast(ended AS HUGEINT) > 1 THEN otlp_time((ended::HUGEINT - 1)::VARCHAR) ELSE ended END AS occurred_at,
    CASE WHEN by_seat THEN source_key || '/subscription' END AS billing_scope,
    request_id,
    requests,
    CASE WHEN family IN ('gemini_cli', 'codex') THEN count_sum(count_without(fed, cached), of_tools) ELSE fed END
        AS input_tokens,
    cached AS cached_input_tokens,
    written AS cache_write_tokens,
    output_tokens,
    list_cost,
    CASE family
        WHEN 'claude_code' THEN claude_server(coalesce(model, ''))
        WHEN 'codex' THEN 'openai'
        WHEN 'gemini_cli' THEN 'gcp'
        ELSE gen_ai_provider(coalesce(otlp_said(e, 'gen_ai.provider.name'), otlp_said(e, 'gen_ai.system')))
    END AS provider,
    CASE
        WHEN contains(email, '@') THEN lower(email)
        WHEN family = 'claude_code' THEN coalesce(
            'anthropic:' || otlp_said(e, 'user.account_id'), 'claude_code:' || otlp_said(e, 'user.id')
        )
        WHEN family = 'codex' THEN 'openai:' || otlp_said(e, 'user.account_id')
        WHEN family = 'gemini_cli' THEN 'gemini_cli:' || otlp_said(e, 'installation.id')
        ELSE otel_person(coalesce(otlp_said(e, 'user.id'), otlp_said(e, 'enduser.id')))
    END AS actor,
    coalesce(otlp_said(e, 'session.id'), CASE WHEN family = 'codex' THEN otlp_said(e, 'conversation.id') END) AS session,
    model,
    coalesce(otlp_said(r, 'outlay.team'), otlp_said(r, 'team'), otlp_said(r, 'team.id')) AS team,
    coalesce(
        otlp_said(r, 'outlay.project'), otlp_said(r, 'project'),
        CASE WHEN family = 'gen_ai' THEN otlp_said(r, 'service.name') END
    ) AS project,
    repo_of(coalesce(otlp_said(r, 'outlay.repo'), otlp_said(r, 'vcs.repository.url.full'))) AS repo,
    coalesce(otlp_said(r, 'outlay.branch'), otlp_said(r, 'vcs.ref.head.name')) AS branch,
    without_nulls(json_object(
        'log', family,
        'terminal', otlp_said(e, 'terminal.type'),
        'asked_by', otlp_said(e, 'query_source'),
        'cost_center', otlp_said(r, 'cost_center'),
        'paid_by', CASE WHEN by_seat THEN 'seat' END
    )) AS tags
FROM named CROSS JOIN source_facts
UNION ALL
-- A line that holds something else belongs into another file: said as a row without a time.
SELECT _line, NULL, NULL, NULL, '1', NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM raw WHERE NOT json_exists(doc, '$.resourceMetrics')
