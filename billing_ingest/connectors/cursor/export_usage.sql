-- Four buckets of tokens that exclude one another add up to the total. An export whose first column
-- holds the second one as well adds up without it; any other sum is refused.
WITH line AS (
    SELECT
        *,
        cursor_is_invoiced("Kind", NULL) AS is_invoiced,
        cursor_cost("Cost") AS dollars,
        try_cast("Input (w/ Cache Write)" AS BIGINT) AS written,
        try_cast("Input (w/o Cache Write)" AS BIGINT) AS fresh,
        try_cast("Cache Read" AS BIGINT) AS cached,
        try_cast("Output Tokens" AS BIGINT) AS made,
        try_cast("Total Tokens" AS BIGINT) AS total
    FROM raw
)
SELECT
    _line AS line,
    trim("Date") AS occurred_at,
    'hour' AS grain,
    'cursor' AS provider,
    nullif(lower(trim("User")), '') AS actor,
    trim("Model") AS model,
    '1' AS requests,
    CASE WHEN cursor_is_failed("Kind") THEN '1' ELSE '0' END AS failed_requests,
    "Input (w/o Cache Write)" AS input_tokens,
    "Cache Read" AS cached_input_tokens,
    CASE
        WHEN written + fresh + cached + made = total OR total IS NULL THEN "Input (w/ Cache Write)"
        WHEN written + cached + made = total AND written >= fresh THEN (written - fresh)::VARCHAR
        ELSE concat_ws(' ', "Input (w/ Cache Write)", 'of a total of', "Total Tokens")
    END AS cache_write_tokens,
    "Output Tokens" AS output_tokens,
    dollars AS list_cost,
    CASE WHEN cursor_is_failed("Kind") THEN dollars END AS failed_list_cost,
    CASE
        WHEN is_invoiced THEN json_object('log', 'cursor_export', 'kind', "Kind")
        ELSE json_object('log', 'cursor_export', 'kind', "Kind", 'paid_by', 'seat')
    END::VARCHAR AS tags
FROM line
