WITH lines AS (
    SELECT
        _line AS line,
        left(trim(created_at), 19) AS moment,
        strftime(date_trunc('hour', try_cast(moment AS TIMESTAMP)), '%Y-%m-%dT%H:%M:%SZ') AS hour,
        coalesce(hour, created_at) AS starts,
        strftime(date_trunc('hour', try_cast(moment AS TIMESTAMP)) + INTERVAL 1 HOUR, '%Y-%m-%dT%H:%M:%SZ') AS ends,
        trim(cost_total) AS usage,
        trim(model_permaslug) AS model,
        trim(provider_name) AS provider_name,
        trim(api_key_name) AS api_key,
        json_object(
            'generation_id', generation_id, 'cost_cache', cost_cache, 'cost_web_search', cost_web_search,
            'cost_file_processing', cost_file_processing, 'byok_usage_inference', byok_usage_inference
        )::VARCHAR AS extras
    FROM raw
)
FROM openrouter_charges('lines')
