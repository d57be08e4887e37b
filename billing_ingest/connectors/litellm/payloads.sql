-- What the proxy's loggers write: one object per request.
WITH lines AS (
    SELECT
        _line AS line,
        doc->>'id' AS request_id,
        litellm_word(doc->>'call_type') AS call_type,
        litellm_word(doc->>'$.metadata.user_api_key_hash') AS api_key,
        CASE WHEN json_type(doc->'response_cost_failure_debug_info') = 'OBJECT' THEN NULL
             ELSE doc->>'response_cost' END AS spend,
        doc->>'prompt_tokens' AS prompt_tokens,
        doc->>'completion_tokens' AS completion_tokens,
        doc->>'startTime' AS started,
        litellm_word(doc->>'model') AS model,
        litellm_word(doc->>'model_group') AS model_group,
        litellm_word(doc->>'custom_llm_provider') AS provider,
        doc->>'metadata' AS metadata,
        litellm_word(doc->>'$.metadata.user_api_key_user_id') AS person,
        doc->>'$.metadata.user_api_key_user_email' AS email,
        coalesce(litellm_word(doc->>'end_user'), doc->>'$.metadata.user_api_key_end_user_id') AS end_user,
        coalesce(doc->>'$.metadata.user_api_key_team_alias', doc->>'$.metadata.user_api_key_team_id') AS team,
        doc->>'$.metadata.user_api_key_org_id' AS organization,
        doc->>'$.metadata.user_api_key_project_id' AS project,
        coalesce(litellm_word(doc->>'session_id'), litellm_word(doc->>'trace_id')) AS session,
        doc->>'cache_hit' AS cache_hit,
        doc->>'status' AS status,
        doc->>'request_tags' AS request_tags,
        doc->>'$.response.usage' AS own_usage,
        doc->>'cost_breakdown' AS own_breakdown
    FROM raw
)
FROM litellm_requests('lines')
