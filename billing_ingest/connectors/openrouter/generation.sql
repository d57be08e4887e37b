-- One generation by its id: evidence. Native tokens are what is billed; the others are made alike.
SELECT
    _line AS line,
    doc->>'$.data.id' AS request_id,
    doc->>'$.data.created_at' AS occurred_at,
    'hour' AS grain,
    'openrouter' AS provider,
    doc->>'$.data.model' AS model,
    '1' AS requests,
    count_without(
        coalesce(doc->>'$.data.native_tokens_prompt', doc->>'$.data.tokens_prompt'),
        coalesce(doc->>'$.data.native_tokens_cached', '0')) AS input_tokens,
    coalesce(doc->>'$.data.native_tokens_cached', '0') AS cached_input_tokens,
    coalesce(doc->>'$.data.native_tokens_completion', doc->>'$.data.tokens_completion') AS output_tokens,
    CASE
        WHEN (doc->>'$.data.is_byok') = 'true'
            THEN dollar_sum(doc->>'$.data.usage', doc->>'$.data.upstream_inference_cost')
        ELSE doc->>'$.data.usage'
    END AS list_cost,
    without_nulls(json_object(
        'log', 'openrouter_generations', 'served_by', doc->>'$.data.provider_name',
        'end_user', doc->>'$.data.external_user',
        'cancelled', CASE WHEN (doc->>'$.data.cancelled') = 'true' THEN 'true' END
    )) AS tags
FROM raw
