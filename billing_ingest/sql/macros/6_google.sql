-- How Google's billing export writes lists, times and models.

-- The export gives lists as JSON; what passed through Python has them in Python's own spelling.
-- A list is taken apart into tokens, and only when they are all of it is it read at all.
CREATE MACRO google_tokens(x) AS regexp_extract_all(x,
    '''(?:[^''\\]|\\[''"\\nrt])*''|"(?:[^"\\]|\\.)*"|[-+]?[0-9][-+0-9.eE]*|None|True|False|null|true|false|[\[\]{}:,]|\s+');

-- The tokens of a list that has any; null for an empty one.
CREATE MACRO google_list(x) AS CASE
    WHEN x IS NULL OR x IN ('', '[]') OR trim(x) IN ('', '[]') THEN NULL ELSE google_tokens(x)
END;

CREATE MACRO google_quoted(token) AS '"' || replace(replace(replace(
    substr(token, 2, length(token) - 2), '\''', ''''), '\"', '"'), '"', '\"') || '"';

-- A list as JSON; what cannot be read stays as it is and is refused as such.
CREATE MACRO google_json(x, tokens) AS CASE
    WHEN tokens IS NULL THEN NULL
    WHEN json_valid(x) THEN x
    WHEN array_to_string(tokens, '') = x THEN array_to_string(list_transform(tokens, lambda token: CASE
        WHEN starts_with(token, '''') THEN google_quoted(token)
        WHEN token = 'None' THEN 'null' WHEN token = 'True' THEN 'true' WHEN token = 'False' THEN 'false'
        ELSE token END), '')
    ELSE x
END;

-- The amounts of a list of credits with their own digits: the words that follow the key `amount`.
CREATE MACRO google_amounts_of(words) AS list_transform(
    list_filter(list_zip(words, words[2:], words[3:]), lambda three:
        three[1] IN ('''amount''', '"amount"') AND three[2] = ':'),
    lambda three: trim(three[3], '''"'));

CREATE MACRO google_credit_amounts(tokens) AS
    google_amounts_of(list_filter(tokens, lambda token: trim(token) <> ''));

-- Whether the list is read to its last sign and every credit has one amount that can be added exactly.
CREATE MACRO google_credits_are_read(x, tokens, as_json, amounts) AS
    array_to_string(tokens, '') = x AND starts_with(trim(x), '[') AND json_valid(as_json)
    AND len(amounts) > 0
    AND len(amounts) = len(list_filter(tokens, lambda token: token = '{'))
    AND list_bool_and(list_transform(amounts, lambda amount: amount <> '' AND amount_problem(amount) IS NULL));

-- What is owed: the cost and its credits, which are negative. Exact, or words that are refused.
CREATE MACRO google_net(cost, x, tokens, as_json, amounts) AS CASE
    WHEN tokens IS NULL OR amount_problem(cost) IS NOT NULL THEN cost
    WHEN google_credits_are_read(x, tokens, as_json, amounts) THEN (
        cost::DECIMAL(38, 24)
        + list_sum(list_transform(amounts, lambda amount: amount::DECIMAL(38, 24)))::DECIMAL(38, 24)
    )::VARCHAR
    ELSE concat(cost, ' with credits that cannot be read: ', x)
END;

-- [{"key": "team", "value": "core"}] as {"team": "core"}; `listed` is JSON or null.
CREATE MACRO google_labels(listed) AS CASE
    WHEN listed IS NULL THEN NULL
    WHEN NOT json_valid(listed) THEN listed
    ELSE '{' || array_to_string(list_transform(
        CAST(json_extract(listed, '$[*]') AS JSON[]),
        lambda label: to_json(label ->> 'key')::VARCHAR || ':' || coalesce(to_json(label ->> 'value')::VARCHAR, 'null')
    ), ',') || '}'
END;

-- 2022-08-01 03:00:00+00:00 and 2022-08-01 03:00:00 UTC are times with a zone.
CREATE MACRO google_time(x) AS regexp_replace(x, '( UTC|\+00(:00)?)$', 'Z');

-- 202607 is the first of July; anything else stays.
CREATE MACRO google_month(x) AS CASE
    WHEN regexp_full_match(x, '20[0-9]{2}(0[1-9]|1[0-2])') THEN substr(x, 1, 4) || '-' || substr(x, 5, 2) || '-01'
    ELSE x
END;

-- The model that a SKU is for, from words like Gemini 2.5 Flash GA Thinking Text Output - Predictions.
CREATE MACRO google_model_words(sku) AS regexp_extract(
    regexp_replace(lower(coalesce(sku, '')), '[^a-z0-9.]+', ' ', 'g'),
    '\b((?:gemini|claude|llama|mistral|codestral|deepseek|qwen[0-9.]*|glm|kimi|minimax|gemma|gpt oss|jamba|imagen|veo)'
    || '(?: (?:[0-9][a-z0-9.]*|v[0-9.]+|r1|k2|flash|pro|lite|ultra|nano|live|tts|cyber|embedding|sonnet|opus|haiku'
    || '|scout|maverick|large|small|medium|instruct|coder|fast))+)', 1);

CREATE MACRO google_model(sku) AS CASE
    WHEN starts_with(google_model_words(sku), 'claude') THEN regexp_replace(google_model_words(sku), '[ .]', '-', 'g')
    ELSE replace(google_model_words(sku), ' ', '-')
END;

CREATE MACRO google_meter_in(x) AS CASE
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

CREATE MACRO google_service_tier(x) AS CASE
    WHEN regexp_matches(x, '\bbatch\b') THEN 'batch'
    WHEN regexp_matches(x, '\bpriority\b') THEN 'priority'
    WHEN regexp_matches(x, '\bflex\b') THEN 'flex'
    WHEN contains(x, 'provisioned') THEN 'provisioned'
    ELSE ''
END;

CREATE MACRO google_sells_models(service, sku) AS
    regexp_matches(coalesce(service, ''), 'vertex ai|gemini|generative language|agent platform|claude|anthropic', 'i')
    OR google_model_words(sku) <> '';
