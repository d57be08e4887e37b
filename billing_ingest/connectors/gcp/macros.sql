-- How Google's billing export writes lists, times and models.
-- The export gives lists as JSON; what passed through Python has them in Python's own spelling.
-- A list is taken apart into tokens, and only when they are all of it is it read at all.
CREATE OR REPLACE MACRO google_tokens(x) AS regexp_extract_all(x,
    '''(?:[^''\\]|\\[''"\\nrt])*''|"(?:[^"\\]|\\.)*"|[-+]?[0-9][-+0-9.eE]*|None|True|False|null|true|false|[\[\]{}:,]|\s+');
-- The tokens of a list that has any; null for an empty one.
CREATE OR REPLACE MACRO google_list(x) AS CASE
    WHEN x IS NULL OR x IN ('', '[]') OR trim(x) IN ('', '[]') THEN NULL ELSE google_tokens(x)
END;
CREATE OR REPLACE MACRO google_quoted(token) AS '"' || replace(replace(replace(
    substr(token, 2, length(token) - 2), '\''', ''''), '\"', '"'), '"', '\"') || '"';
-- A list as JSON; what cannot be read stays as it is and is refused as such.
CREATE OR REPLACE MACRO google_json(x, tokens) AS CASE
    WHEN tokens IS NULL THEN NULL
    WHEN json_valid(x) THEN x
    WHEN array_to_string(tokens, '') = x THEN array_to_string(list_transform(tokens, lambda token: CASE
        WHEN starts_with(token, '''') THEN google_quoted(token)
        WHEN token = 'None' THEN 'null' WHEN token = 'True' THEN 'true' WHEN token = 'False' THEN 'false'
        ELSE token END), '')
    ELSE x
END;
-- The amounts of a list of credits with their own digits: the words that follow the key `amount`.
CREATE OR REPLACE MACRO google_amounts_of(words) AS list_transform(
    list_filter(list_zip(words, words[2:], words[3:]), lambda three:
        three[1] IN ('''amount''', '"amount"') AND three[2] = ':'),
    lambda three: trim(three[3], '''"'));
CREATE OR REPLACE MACRO google_credit_amounts(tokens) AS
    google_amounts_of(list_filter(tokens, lambda token: trim(token) <> ''));

-- Whether the list is read to its last sign and every credit has one amount that can be added exactly.
CREATE OR REPLACE MACRO google_credits_are_read(x, tokens, as_json, amounts) AS
    array_to_string(tokens, '') = x AND starts_with(trim(x), '[') AND json_valid(as_json)
    AND len(amounts) > 0
    AND len(amounts) = len(list_filter(tokens, lambda token: token = '{'))
    AND list_bool_and(list_transform(amounts, lambda amount: amount <> '' AND amount_problem(amount) IS NULL));

-- What is owed: the cost and its credits, which are negative. Exact, or words that are refused.
CREATE OR REPLACE MACRO google_net(cost, x, tokens, as_json, amounts) AS CASE
    WHEN tokens IS NULL OR amount_problem(cost) IS NOT NULL THEN cost
    WHEN google_credits_are_read(x, tokens, as_json, amounts) THEN (
        cost::DECIMAL(38, 24)
        + list_sum(list_transform(amounts, lambda amount: amount::DECIMAL(38, 24)))::DECIMAL(38, 24)
    )::VARCHAR
    ELSE concat(cost, ' with credits that cannot be read: ', x)
END;

-- [{"key": "team", "value": "core"}] as {"team": "core"}; `listed` is JSON or null.
CREATE OR REPLACE MACRO google_labels(listed) AS CASE
    WHEN listed IS NULL THEN NULL
    WHEN NOT json_valid(listed) THEN listed
    ELSE '{' || array_to_string(list_transform(
        CAST(json_extract(listed, '$[*]') AS JSON[]),
        lambda label: to_json(label ->> 'key')::VARCHAR || ':' || coalesce(to_json(label ->> 'value')::VARCHAR, 'null')
    ), ',') || '}'
END;

-- 2022-08-01 03:00:00+00:00 and 2022-08-01 03:00:00 UTC are times with a zone.
CREATE OR REPLACE MACRO google_time(x) AS regexp_replace(x, '( UTC|\+00(:00)?)$', 'Z');

-- 202607 is the first of July; anything else stays.
CREATE OR REPLACE MACRO google_month(x) AS CASE
    WHEN regexp_full_match(x, '20[0-9]{2}(0[1-9]|1[0-2])') THEN substr(x, 1, 4) || '-' || substr(x, 5, 2) || '-01'
    ELSE x
END;

-- The model that a SKU is for, from words like Gemini 2.5 Flash GA Thinking Text Output - Predictions.
CREATE OR REPLACE MACRO google_model_words(sku) AS regexp_extract(
    regexp_replace(lower(coalesce(sku, '')), '[^a-z0-9.]+', ' ', 'g'),
    '\b((?:gemini|claude|llama|mistral|codestral|deepseek|qwen[0-9.]*|glm|kimi|minimax|gemma|gpt oss|jamba|imagen|veo)'
    || '(?: (?:[0-9][a-z0-9.]*|v[0-9.]+|r1|k2|flash|pro|lite|ultra|nano|live|tts|cyber|embedding|sonnet|opus|haiku'
    || '|scout|maverick|large|small|medium|instruct|coder|fast))+)', 1);
CREATE OR REPLACE MACRO google_model(sku) AS CASE
    WHEN starts_with(google_model_words(sku), 'claude') THEN regexp_replace(google_model_words(sku), '[ .]', '-', 'g')
    ELSE replace(google_model_words(sku), ' ', '-')
END;
CREATE OR REPLACE MACRO google_meter_in(x) AS CASE
    WHEN regexp_matches(x, '\b(tuning|training)\b') THEN 'training'
    WHEN contains(x, 'provisioned') THEN 'provisioned'
    WHEN regexp_matches(x, '\bcach') AND contains(x, 'storage') THEN 'cache_storage'
    WHEN regexp_matches(x, '\bcache') AND regexp_matches(x, '\b(write|writes|creation)\b') THEN 'cache_write'
    WHEN regexp_matches(x, '\bcach') THEN 'cached_input'
    WHEN contains(x, 'grounding') THEN 'web_search'
    WHEN contains(x, 'input') AND contains(x, 'output')
        THEN CASE WHEN regexp_matches(x, 'output token count') THEN 'output'
                  WHEN regexp_matches(x, 'input token count') THEN 'input' ELSE '' END
    WHEN contains(x, 'output') THEN 'output'
    WHEN contains(x, 'input') THEN 'input'
    WHEN regexp_matches(x, '\bimagen\b') THEN 'images'
    ELSE ''
END;
CREATE OR REPLACE MACRO google_service_tier(x) AS CASE
    WHEN regexp_matches(x, '\bbatch\b') THEN 'batch'
    WHEN regexp_matches(x, '\bpriority\b') THEN 'priority'
    WHEN regexp_matches(x, '\bflex\b') THEN 'flex'
    WHEN contains(x, 'provisioned') THEN 'provisioned'
    ELSE ''
END;
CREATE OR REPLACE MACRO google_sells_models(service, sku) AS
    regexp_matches(coalesce(service, ''), 'vertex ai|gemini|generative language|agent platform|claude|anthropic', 'i')
    OR google_model_words(sku) <> '';

-- The charges of an export whose columns stand in the table `t` under our names.
CREATE OR REPLACE MACRO google_charges(t) AS TABLE
WITH listed AS (
    SELECT
        *,
        google_list(credits) AS credit_tokens,
        google_json(credits, credit_tokens) AS credit_json,
        google_labels(google_json(labels, google_list(labels))) AS own_labels,
        google_labels(google_json(project_labels, google_list(project_labels))) AS labels_of_project,
        google_json(system_labels, google_list(system_labels)) AS system_json
    FROM query_table(t)
),
line AS (
    SELECT
        *,
        google_credit_amounts(credit_tokens) AS amounts,
        google_sells_models(service, sku) AS is_model,
        lower(sku) AS sku_words,
        CASE
            WHEN labels_of_project IS NULL OR own_labels IS NULL THEN coalesce(own_labels, labels_of_project)
            WHEN NOT json_valid(labels_of_project) THEN labels_of_project
            WHEN NOT json_valid(own_labels) THEN own_labels
            ELSE json_merge_patch(labels_of_project, own_labels)::VARCHAR
        END AS tag_object,
        tags_said(tag_object) AS said,
        coalesce(
            try_cast(priced_amount AS DOUBLE) > 0 AND try_cast(effective_price AS DOUBLE) > 0
            AND abs(try_cast(priced_amount AS DOUBLE) * try_cast(effective_price AS DOUBLE) - try_cast(cost AS DOUBLE))
                <= 0.01 * abs(try_cast(cost AS DOUBLE)), false) AS price_agrees
    FROM listed
)
SELECT
    line,
    'Google Cloud' AS invoice_issuer_name,
    billing_account_id,
    currency AS billing_currency,
    google_month(invoice_month) AS billing_period_start,
    coalesce(strftime(try_cast(google_month(invoice_month) AS DATE) + INTERVAL 1 MONTH, '%Y-%m-%d'),
        invoice_month) AS billing_period_end,
    google_time(usage_start) AS charge_period_start,
    google_time(coalesce(usage_end, usage_start)) AS charge_period_end,
    google_net(cost, credits, credit_tokens, credit_json, amounts) AS billed_cost,
    billed_cost AS effective_cost,
    list_cost,
    cost AS contracted_cost,
    CASE
        WHEN cost_type IS NULL OR cost_type = 'regular' THEN 'Usage'
        WHEN cost_type = 'tax' THEN 'Tax'
        WHEN cost_type IN ('adjustment', 'rounding_error') THEN 'Adjustment'
        ELSE cost_type
    END AS charge_category,
    CASE WHEN cost_type = 'adjustment' THEN 'Correction' END AS charge_class,
    trim(sku) AS charge_description,
    CASE WHEN charge_category = 'Usage' THEN 'Usage-Based' END AS charge_frequency,
    -- A count is one of tokens where the price of the same line proves it; else it is a count.
    amount AS consumed_quantity,
    CASE
        WHEN is_model AND unit = 'count' AND price_agrees
            AND google_meter_in(sku_words) IN ('input', 'cached_input', 'cache_write', 'output') THEN 'Tokens'
        ELSE unit
    END AS consumed_unit,
    priced_amount AS pricing_quantity,
    priced_unit AS pricing_unit,
    'Google Cloud' AS provider_name,
    coalesce(seller_name, 'Google Cloud') AS publisher_name,
    service AS service_name,
    sku_id,
    trim(sku) AS sku_meter,
    CASE WHEN is_model THEN google_meter_in(sku_words) ELSE '' END AS meter,
    project_id AS sub_account_id,
    project_name AS sub_account_name,
    coalesce(resource_global_name, resource_name) AS resource_id,
    resource_name,
    coalesce(region, place) AS region_id,
    'gcp' AS provider,
    actor_of(tag_of(said, 1)) AS actor,
    clean(tag_of(said, 2)) AS team,
    lower(tag_of(said, 3)) AS repo,
    tag_of(said, 4) AS branch,
    lower(tag_of(said, 5)) AS pr,
    tag_of(said, 6) AS session,
    lower(tag_of(said, 7)) AS ticket,
    lower(tag_of(said, 8)) AS conversation,
    lower(tag_of(said, 9)) AS deal,
    tag_of(said, 10) AS is_shared,
    tag_of(said, 11) AS is_excluded,
    tag_of(said, 12) AS api_key,
    coalesce(tag_of(said, 13), project_id) AS project,
    coalesce(tag_of(said, 14), CASE WHEN is_model THEN google_model(sku) ELSE '' END) AS model,
    CASE WHEN is_model THEN google_service_tier(sku_words) ELSE '' END AS service_tier,
    tag_object AS tags,
    json_merge_patch(coalesce(extras, '{}'), json_object(
        'cost_before_credits', cost, 'credits', TRY(credit_json::JSON), 'cost_type', cost_type,
        'system_labels', TRY(system_json::JSON), 'export_time', export_time
    ))::VARCHAR AS extras
FROM line;
