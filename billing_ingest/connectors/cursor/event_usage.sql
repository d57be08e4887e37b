-- One usage row per event, also of those that the plan includes: what they are worth at list price.
WITH event AS (
    SELECT
        unnest(events) AS event,
        generate_subscripts(events, 1) AS e,
        _line
    FROM (SELECT doc->'$.usageEvents[*]' AS events, _line FROM raw)
),
numbered AS (
    SELECT
        *,
        row_number() OVER (ORDER BY _line, e) AS line,
        concat_ws('|', lower(trim(event->>'userEmail')), event->>'timestamp', event->>'model') AS named
    FROM event
),
counted AS (
    SELECT *, row_number() OVER (PARTITION BY _line, named ORDER BY e) AS occurrence FROM numbered
),
once AS (
    SELECT
        *,
        coalesce(event->>'kind', event->>'kindLabel') AS kind,
        cursor_is_invoiced(kind, event->>'isChargeable') AS is_invoiced,
        cents_in_dollars(coalesce(event->>'chargedCents', event->>'$.tokenUsage.totalCents')) AS dollars
    FROM counted
    QUALIFY row_number() OVER (PARTITION BY named, occurrence ORDER BY _line DESC) = 1
)
SELECT
    line,
    cursor_time(event->>'timestamp') AS occurred_at,
    'hour' AS grain,
    'cursor' AS provider,
    lower(trim(event->>'userEmail')) AS actor,
    event->>'model' AS model,
    '1' AS requests,
    CASE WHEN cursor_is_failed(kind) THEN '1' ELSE '0' END AS failed_requests,
    event->>'$.tokenUsage.inputTokens' AS input_tokens,
    event->>'$.tokenUsage.cacheReadTokens' AS cached_input_tokens,
    event->>'$.tokenUsage.cacheWriteTokens' AS cache_write_tokens,
    event->>'$.tokenUsage.outputTokens' AS output_tokens,
    dollars AS list_cost,
    CASE WHEN cursor_is_failed(kind) THEN dollars END AS failed_list_cost,
    CASE
        WHEN is_invoiced THEN json_object('log', 'cursor_events', 'kind', kind)
        ELSE json_object('log', 'cursor_events', 'kind', kind, 'paid_by', 'seat')
    END::VARCHAR AS tags
FROM once
