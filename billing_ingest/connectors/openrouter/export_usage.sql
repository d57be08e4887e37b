SELECT
    _line AS line,
    generation_id AS request_id,
    litellm_time(trim(created_at)) AS occurred_at,
    'hour' AS grain,
    'openrouter' AS provider,
    trim(model_permaslug) AS model,
    trim(api_key_name) AS api_key,
    '1' AS requests,
    (coalesce(lower(finish_reason_normalized), '') = 'error')::INTEGER::VARCHAR AS failed_requests,
    (trim(tokens_completion) = '0' AND coalesce(lower(finish_reason_normalized), '') <> 'error')::INTEGER::VARCHAR
        AS empty_requests,
    count_without(trim(tokens_prompt), coalesce(trim(tokens_cached), '0')) AS input_tokens,
    coalesce(trim(tokens_cached), '0') AS cached_input_tokens,
    trim(tokens_completion) AS output_tokens,
    dollar_sum(trim(cost_total), trim(byok_usage_inference)) AS list_cost,
    CASE WHEN failed_requests = '1' THEN list_cost END AS failed_list_cost,
    CASE WHEN empty_requests = '1' THEN list_cost END AS empty_list_cost,
    without_nulls(json_object(
        'log', 'openrouter_generations', 'served_by', provider_name, 'variant', variant, 'app', app_name,
        'end_user', "user", 'cancelled', CASE WHEN lower(cancelled) = 'true' THEN 'true' END
    )) AS tags
FROM raw
