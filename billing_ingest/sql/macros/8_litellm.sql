-- LiteLLM's log of requests, whichever way it comes.

-- Seconds since 1970, or a time without a zone that means UTC.
CREATE MACRO litellm_time(x) AS CASE
    WHEN regexp_full_match(x, '[0-9]{9,10}(\.[0-9]*)?')
        THEN strftime(make_timestamp((x::DECIMAL(20, 6) * 1000000)::BIGINT), '%Y-%m-%dT%H:%M:%S.%fZ')
    WHEN regexp_full_match(x, '[0-9-]{10}[T ][0-9:]{8}(\.[0-9]+)?') THEN x || 'Z'
    ELSE x
END;

CREATE MACRO litellm_word(x) AS nullif(nullif(trim(x), ''), 'None');

CREATE MACRO litellm_object(x) AS CASE
    WHEN starts_with(trim(x), '{') AND json_valid(x) THEN x::JSON ELSE '{}'::JSON
END;

CREATE MACRO litellm_provider(x) AS CASE
    WHEN x IS NULL THEN 'litellm'
    WHEN starts_with(lower(x), 'sagemaker') THEN 'aws'
    WHEN lower(x) = 'github_copilot' THEN 'github'
    ELSE gen_ai_provider(x)
END;

-- openai/gpt-4o of the provider openai is gpt-4o.
CREATE MACRO litellm_model(model, provider) AS
    CASE WHEN starts_with(model, provider || '/') THEN substr(model, strlen(provider) + 2) ELSE model END;

CREATE MACRO litellm_actor(id, email) AS CASE
    WHEN contains(email, '@') THEN lower(email)
    WHEN contains(id, '@') THEN lower(id)
    WHEN id <> 'default_user_id' THEN 'litellm:' || id
END;

-- Tags of a request like team:core as an object; a tag of one word says only that it is there.
CREATE MACRO litellm_tags(said) AS coalesce(list_reduce(
    list_transform(
        list_filter(coalesce(TRY(from_json(nullif(said, ''), '["VARCHAR"]')), []::VARCHAR[]),
            lambda tag: tag IS NOT NULL AND NOT starts_with(tag, 'User-Agent:')),
        lambda tag: json_object(
            coalesce(nullif(regexp_extract(tag, '^((outlay:)?[A-Za-z_]+):', 1), ''), 'tag ' || tag),
            trim(regexp_replace(tag, '^(outlay:)?[A-Za-z_]+:', '')))),
    lambda merged, one: json_merge_patch(merged, one), '{}'::JSON), '{}'::JSON);

-- The requests in the table `t`: columns line, request_id, call_type, api_key, spend, prompt_tokens,
-- completion_tokens, started, model, model_group, provider, person, email, end_user, team,
-- organization, project, session, cache_hit, status, request_tags, own_usage and metadata in text.
CREATE MACRO litellm_requests(t) AS TABLE
WITH read AS (
    SELECT
        *,
        litellm_object(metadata) AS about,
        coalesce(nullif(about->>'$.usage_object', 'null'), own_usage) AS usage_text,
        litellm_object(usage_text) AS used,
        coalesce(litellm_word(status), about->>'$.status', 'success') = 'failure' AS is_failed,
        lower(cache_hit) = 'true' AS was_kept,
        json_merge_patch(litellm_tags(request_tags), litellm_object(about->>'$.spend_logs_metadata')) AS own_tags,
        tags_said(own_tags::VARCHAR) AS said,
        count_of(coalesce(prompt_tokens, '0')) AS prompt,
        count_of(coalesce(completion_tokens, '0')) AS answer,
        coalesce(
            nullif(used->>'$.cache_read_input_tokens', '0'),
            nullif(about->>'$.additional_usage_values.cache_read_input_tokens', '0'),
            nullif(used->>'$.prompt_tokens_details.cached_tokens', '0'),
            used->>'$.input_tokens_details.cached_tokens', '0') AS cached,
        coalesce(
            nullif(used->>'$.cache_creation_input_tokens', '0'),
            nullif(about->>'$.additional_usage_values.cache_creation_input_tokens', '0'),
            used->>'$.prompt_tokens_details.cache_creation_tokens', '0') AS written,
        coalesce(used->>'$.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens', '0')
            AS written_1h,
        coalesce(cost_breakdown->>'$.original_cost', about->>'$.cost_breakdown.original_cost', litellm_word(spend))
            AS said_cost
    FROM (SELECT *, litellm_object(own_breakdown) AS cost_breakdown FROM query_table(t))
),
judged AS (
    SELECT
        *,
        coalesce(was_kept, false) AS is_kept,
        coalesce(try_cast(about->>'$.attempted_retries' AS INTEGER) > 0, false)
        OR coalesce(session IS NOT NULL AND lag(is_failed) OVER (
            PARTITION BY session, model_group, api_key ORDER BY started, line), false) AS is_retried,
        NOT is_failed AND NOT is_kept AND answer = '0'
            AND regexp_full_match(coalesce(call_type, ''), 'a?(text_)?completion|a?responses|anthropic_messages|a?generate_content')
            AS is_empty,
        CASE
            WHEN is_kept THEN '0'
            WHEN try_cast(said_cost AS DOUBLE) = 0 AND NOT is_failed AND (prompt <> '0' OR answer <> '0') THEN NULL
            ELSE coalesce(said_cost, CASE WHEN is_failed THEN '0' END)
        END AS dollars
    FROM read
)
SELECT
    line,
    request_id,
    litellm_time(started) AS occurred_at,
    'hour' AS grain,
    litellm_provider(provider) AS provider,
    litellm_model(model, provider) AS model,
    lower(coalesce(about->>'$.cost_breakdown.service_tier', cost_breakdown->>'$.service_tier', used->>'$.service_tier'))
        AS service_tier,
    coalesce(actor_of(tag_of(said, 1)), litellm_actor(person, email)) AS actor,
    api_key,
    coalesce(tag_of(said, 13), project) AS project,
    coalesce(clean(tag_of(said, 2)), team) AS team,
    lower(tag_of(said, 3)) AS repo,
    tag_of(said, 4) AS branch,
    lower(tag_of(said, 5)) AS pr,
    coalesce(tag_of(said, 6), session) AS session,
    lower(tag_of(said, 7)) AS ticket,
    lower(tag_of(said, 8)) AS conversation,
    lower(tag_of(said, 9)) AS deal,
    tag_of(said, 10) AS is_shared,
    tag_of(said, 11) AS is_excluded,
    '1' AS requests,
    is_failed::INTEGER::VARCHAR AS failed_requests,
    is_retried::INTEGER::VARCHAR AS retried_requests,
    is_empty::INTEGER::VARCHAR AS empty_requests,
    -- What the proxy answered from its own cache used no tokens of the vendor.
    CASE WHEN is_kept THEN '0' ELSE count_without(count_without(prompt, cached), written) END AS input_tokens,
    CASE WHEN is_kept THEN '0' ELSE cached END AS cached_input_tokens,
    CASE WHEN is_kept THEN '0' ELSE written END AS cache_write_tokens,
    CASE WHEN is_kept THEN '0' ELSE written_1h END AS cache_write_1h_tokens,
    CASE WHEN is_kept THEN '0' ELSE answer END AS output_tokens,
    dollars AS list_cost,
    CASE WHEN is_failed THEN dollars END AS failed_list_cost,
    CASE WHEN is_retried AND NOT is_failed THEN dollars END AS retried_list_cost,
    CASE WHEN is_empty AND NOT is_retried THEN dollars END AS empty_list_cost,
    without_nulls(json_merge_patch(own_tags, json_object(
        'log', 'litellm', 'call_type', call_type, 'model_group', model_group, 'end_user', end_user,
        'organization', organization, 'from_cache', CASE WHEN is_kept THEN 'true' END
    ))) AS tags
FROM judged;
