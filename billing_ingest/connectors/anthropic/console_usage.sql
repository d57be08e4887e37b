-- One usage row per line of the Console's usage export, and one for its searches. It names keys and
-- workspaces by name.
SELECT
    _line AS line,
    usage_date_utc AS occurred_at,
    'day' AS grain,
    use.meter,
    use.quantity,
    CASE WHEN use.meter IS NOT NULL THEN 'calls' END AS unit,
    CASE WHEN use.meter IS NULL THEN usage_input_tokens_no_cache END AS input_tokens,
    CASE WHEN use.meter IS NULL THEN usage_input_tokens_cache_read END AS cached_input_tokens,
    CASE
        WHEN use.meter IS NULL
            THEN sum_of_counts(coalesce(usage_input_tokens_cache_write_5m, '0'), coalesce(usage_input_tokens_cache_write_1h, '0'))
    END AS cache_write_tokens,
    CASE WHEN use.meter IS NULL THEN usage_input_tokens_cache_write_1h END AS cache_write_1h_tokens,
    CASE WHEN use.meter IS NULL THEN usage_output_tokens END AS output_tokens,
    'anthropic' AS provider,
    CASE WHEN lower(workspace) = 'default' THEN 'default' ELSE nullif(workspace, '') END AS sub_account_id,
    nullif(api_key, '') AS api_key,
    lower(trim(model_version)) AS model,
    CASE WHEN usage_type = 'message_batch' OR usage_type = 'batch' THEN 'batch' END AS service_tier,
    json_object('log', 'console')::VARCHAR AS tags
FROM raw
CROSS JOIN LATERAL (
    SELECT NULL AS meter, NULL AS quantity
    UNION ALL
    SELECT 'web_search', web_search_count WHERE coalesce(web_search_count, '0') NOT IN ('', '0')
) AS use
