-- A dump of the table LiteLLM_SpendLogs.
WITH lines AS (
    SELECT
        _line AS line,
        request_id,
        litellm_word(call_type) AS call_type,
        litellm_word(api_key) AS api_key,
        spend,
        litellm_word(prompt_tokens) AS prompt_tokens,
        litellm_word(completion_tokens) AS completion_tokens,
        "startTime" AS started,
        litellm_word(model) AS model,
        litellm_word(model_group) AS model_group,
        litellm_word(custom_llm_provider) AS provider,
        metadata,
        litellm_word("user") AS person,
        litellm_object(metadata)->>'$.user_api_key_user_email' AS email,
        litellm_word(end_user) AS end_user,
        coalesce(litellm_object(metadata)->>'$.user_api_key_team_alias', litellm_word(team_id)) AS team,
        litellm_word(organization_id) AS organization,
        litellm_object(metadata)->>'$.user_api_key_project_id' AS project,
        litellm_word(session_id) AS session,
        cache_hit,
        status,
        request_tags,
        NULL::VARCHAR AS own_usage,
        NULL::VARCHAR AS own_breakdown
    FROM raw
)
FROM litellm_requests('lines')
