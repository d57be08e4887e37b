-- What each user did on a day: one row of interactions, and one of credits where the report says
-- them. The totals by editor, feature, language, model and terminal say the same activity again.
WITH report AS (
    SELECT
        doc,
        CASE
            WHEN json_exists(doc, '$.day_totals') THEN doc->'$.day_totals[*]'
            WHEN json_exists(doc, '$.user_totals') THEN doc->'$.user_totals[*]'
            ELSE [doc]
        END AS records,
        json_exists(doc, '$.day_totals') OR json_exists(doc, '$.user_totals') AS is_list,
        _line
    FROM raw
),
record AS (
    SELECT
        unnest(records) AS record,
        generate_subscripts(records, 1) AS r,
        is_list,
        doc->>'report_day' AS report_day,
        _line
    FROM report
),
numbered AS (
    SELECT *, CASE WHEN is_list THEN row_number() OVER (ORDER BY _line, r) ELSE _line END AS line FROM record
),
used AS (
    SELECT
        line,
        kind,
        coalesce(record->>'day', report_day) AS day,
        lower(coalesce(record->>'user_login', record->>'login')) AS login,
        record
    FROM numbered CROSS JOIN (VALUES (1), (2)) AS kinds (kind)
    WHERE kind = 1 OR (record->>'ai_credits_used') IS NOT NULL
)
SELECT
    line,
    day || 'T00:00:00Z' AS occurred_at,
    'day' AS grain,
    'github' AS provider,
    'github:' || login AS actor,
    CASE kind WHEN 1 THEN record->>'user_initiated_interaction_count' END AS requests,
    CASE kind WHEN 2 THEN 'credits' END AS meter,
    CASE kind WHEN 2 THEN record->>'ai_credits_used' END AS quantity,
    CASE kind WHEN 2 THEN 'credits' END AS unit,
    CASE kind WHEN 1 THEN json_object(
        'log', 'copilot_metrics',
        'generations', record->>'code_generation_activity_count',
        'acceptances', record->>'code_acceptance_activity_count',
        'lines_added', record->>'loc_added_sum',
        'lines_deleted', record->>'loc_deleted_sum',
        'terminal_prompt_tokens', record->>'$.totals_by_cli.token_usage.prompt_tokens_sum',
        'terminal_output_tokens', record->>'$.totals_by_cli.token_usage.output_tokens_sum'
    ) ELSE json_object('log', 'copilot_metrics') END::VARCHAR AS tags
FROM used
