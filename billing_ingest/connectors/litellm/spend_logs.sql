-- Rows of LiteLLM_SpendLogs as JSON: one by one, or in pages of /spend/logs/v2.
WITH item AS (
    SELECT unnest(items) AS item, generate_subscripts(items, 1) AS i, _line
    FROM (
        SELECT CASE WHEN json_type(doc->'data') = 'ARRAY' THEN doc->'$.data[*]' ELSE [doc] END AS items, _line
        FROM raw
    )
),
lines AS (
    SELECT
        row_number() OVER (ORDER BY _line, i) AS line,
        item->>'request_id' AS request_id,
        litellm_word(item->>'call_type') AS call_type,
        litellm_word(item->>'api_key') AS api_key,
        item->>'spend' AS spend,
        item->>'prompt_tokens' AS prompt_tokens,
        item->>'completion_tokens' AS completion_tokens,
        item->>'startTime' AS started,
        litellm_word(item->>'model') AS model,
        litellm_word(item->>'model_group') AS model_group,
        litellm_word(item->>'custom_llm_provider') AS provider,
        item->>'metadata' AS metadata,
        litellm_word(item->>'user') AS person,
        litellm_object(item->>'metadata')->>'$.user_api_key_user_email' AS email,
        litellm_word(item->>'end_user') AS end_user,
        coalesce(litellm_object(item->>'metadata')->>'$.user_api_key_team_alias', litellm_word(item->>'team_id')) AS team,
        litellm_word(item->>'organization_id') AS organization,
        litellm_object(item->>'metadata')->>'$.user_api_key_project_id' AS project,
        litellm_word(item->>'session_id') AS session,
        item->>'cache_hit' AS cache_hit,
        item->>'status' AS status,
        item->>'request_tags' AS request_tags,
        NULL::VARCHAR AS own_usage,
        NULL::VARCHAR AS own_breakdown
    FROM item
)
FROM litellm_requests('lines')
