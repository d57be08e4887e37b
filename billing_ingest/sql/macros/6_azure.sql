-- What Azure calls things: its meter names are written for billing systems, not for people. One
-- model has meters like gpt-4o-0806-Inp-glbl Tokens, gpt 4o 1120 cached Inp regnl Tokens,
-- gpt 4o mini0718 BatchOutp DataZone Tokens and 5.4 nano Inp Gl 1M Tokens.

-- The words of a meter name, one spelling each: input, output, cached, write, batch, priority ...
CREATE MACRO azure_words(meter_name) AS list_transform(
    list_filter(regexp_split_to_array(
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            lower(coalesce(meter_name, '')),
            'data ?zone|dzone', 'dz', 'g'),
            'batch(in|out)', 'batch \1', 'g'),
            '\bgpt-?([0-9])', 'gpt \1', 'g'),
            '(4o)(mini)|(realtime)(prvw)', '\1\3 \2\4', 'g'),
            '(mini|nano|aud|txt|turbo)([0-9])', '\1 \2', 'g'),
        '[^a-z0-9.]+'), lambda word: word <> ''),
    lambda word: CASE
        WHEN word IN ('inp', 'inpt', 'inputs', 'in') THEN 'input'
        WHEN word IN ('out', 'outp', 'outpt', 'opt', 'outputs') THEN 'output'
        WHEN word IN ('cchd', 'ccchd', 'cd', 'ch', 'cach', 'cache') THEN 'cached'
        WHEN word = 'wr' THEN 'write'
        WHEN word = 'pp' THEN 'priority'
        WHEN word IN ('trng', 'training') THEN 'training'
        WHEN word IN ('hstng', 'hosting') THEN 'hosting'
        WHEN word IN ('ptu', 'provisioned') THEN 'provisioned'
        WHEN word IN ('glbl', 'gl', 'rgnl', 'regnl', 'regn', 'regional', 'dz') THEN 'global'
        WHEN word IN ('token', 'tkn') THEN 'tokens'
        WHEN word = 'mn' THEN 'mini'
        WHEN word = 'rt' THEN 'realtime'
        WHEN word = 'aud' THEN 'audio'
        WHEN word = 'txt' THEN 'text'
        WHEN word IN ('img', 'images') THEN 'image'
        ELSE word
    END);

-- Which of our meters a line is for; empty when the words leave a doubt.
CREATE MACRO azure_meter(words) AS CASE
    WHEN list_has_any(words, ['training']) THEN 'training'
    WHEN list_has_any(words, ['hosting']) THEN 'hosting'
    WHEN list_has_any(words, ['provisioned']) THEN 'provisioned'
    WHEN list_has_all(words, ['cached', 'write']) THEN 'cache_write'
    WHEN list_has_any(words, ['cached']) AND NOT list_has_any(words, ['output']) THEN 'cached_input'
    WHEN list_has_all(words, ['input', 'output']) THEN ''
    WHEN list_has_any(words, ['input']) THEN 'input'
    WHEN list_has_any(words, ['output']) THEN 'output'
    WHEN list_has_all(words, ['file', 'search']) THEN 'file_search'
    WHEN list_has_all(words, ['web', 'search']) THEN 'web_search'
    WHEN list_has_all(words, ['code', 'interpreter']) THEN 'code_interpreter'
    WHEN list_has_all(words, ['embedding', 'tokens']) THEN 'input'
    WHEN list_has_any(words, ['image']) THEN 'images'
    WHEN list_has_any(words, ['characters']) THEN 'characters'
    ELSE ''
END;

CREATE MACRO azure_service_tier(words) AS CASE
    WHEN list_has_any(words, ['batch']) THEN 'batch'
    WHEN list_has_any(words, ['priority']) THEN 'priority'
    WHEN list_has_any(words, ['provisioned']) THEN 'provisioned'
    ELSE ''
END;

-- The name of the model: what is left without direction, place, unit, kind of token and version.
CREATE MACRO azure_model_words(words) AS list_filter(words, lambda word, place:
    NOT regexp_full_match(word, '[0-9]{4}|[0-9]{6}|[0-9]{8}')
    AND word NOT IN ('input', 'output', 'cached', 'write', 'batch', 'priority', 'training', 'hosting',
        'provisioned', 'managed', 'global', 'tokens', 'unit', 'units', '1m', '1k', 'ep', 'dev', 'std',
        'prvw', 'preview', 'shortco', 'longco', 'base')
    AND NOT (word = 'text' AND NOT list_has_any(words, ['embedding']))
    AND NOT (word = 'audio' AND list_has_any(words, ['realtime', 'transcribe', 'tts']))
    AND NOT (word = 'image' AND (list_has_any(words, ['dall']) OR list_position(words, 'image') < place)));

-- A bare 5.4 nano, V3.1 or R1 says its family in the product only.
CREATE MACRO azure_family(product) AS CASE
    WHEN regexp_matches(product, 'grok', 'i') THEN 'grok-'
    WHEN regexp_matches(product, 'deepseek', 'i') THEN 'deepseek-'
    WHEN regexp_matches(product, 'mai models', 'i') THEN 'mai-'
    WHEN regexp_matches(product, 'openai', 'i') THEN 'gpt-'
    ELSE ''
END;

CREATE MACRO azure_model(words, product) AS CASE
    WHEN list_has_any(words, ['calls', 'session', 'sessions']) THEN ''
    ELSE CASE WHEN regexp_matches(azure_model_words(words)[1], '^(v?[0-9]|r1$|image$)')
            THEN azure_family(product) ELSE '' END
        || array_to_string(azure_model_words(words), '-')
END;

-- Whether a meter is one of a model's: by its category, or by the unit of its name.
CREATE MACRO azure_sells_models(category, product, meter_name) AS
    regexp_matches(coalesce(category, ''), '^(azure openai|foundry models|azure ai foundry)', 'i')
    OR (regexp_matches(coalesce(category, ''), '^(cognitive services|azure ai services)', 'i')
        AND (regexp_matches(coalesce(product, ''), 'openai|foundry', 'i')
             OR regexp_matches(coalesce(meter_name, ''), '\btokens?\b', 'i')));

-- How many single units stand behind one of the bill: 1K is 1000, 1M a million; null when unsaid.
CREATE MACRO azure_block(unit) AS CASE
    WHEN regexp_full_match(unit, '\s*[0-9]{1,9}\s*([KM]?)\b.*', 'i') THEN
        try_cast(regexp_extract(unit, '^\s*([0-9]{1,9})', 1) AS BIGINT)
        * CASE upper(regexp_extract(unit, '^\s*[0-9]{1,9}\s*([KkMm]?)\b', 1))
            WHEN 'K' THEN 1000 WHEN 'M' THEN 1000000
            ELSE CASE WHEN regexp_matches(unit, 'million', 'i') THEN 1000000 ELSE 1 END END
END;

-- A day as Azure writes it. With slashes the month stands first, always; anything else stays.
CREATE MACRO azure_day(x) AS CASE
    WHEN contains(x, '/') THEN coalesce(strftime(try_strptime(x,
        ['%m/%d/%Y', '%m/%d/%Y %H:%M:%S', '%m/%d/%Y %H:%M', '%m/%d/%Y %I:%M:%S %p']), '%Y-%m-%d'), x)
    ELSE x
END;

-- Tags come as JSON, sometimes without the outer braces, sometimes as an empty string in quotes.
CREATE MACRO azure_tags(x) AS CASE
    WHEN trim(x) IN ('', '""', '{}') THEN NULL
    WHEN starts_with(trim(x), '{') THEN x
    ELSE '{' || x || '}'
END;

-- /providers/Microsoft.Billing/billingAccounts/123 and 123 are one account, and so are the two
-- ways to name a subscription.
CREATE MACRO azure_account(x) AS CASE
    WHEN starts_with(x, '/') AND regexp_matches(x, '/billingaccounts/', 'i') THEN regexp_extract(x, '(?i)/billingaccounts/([^/]+)', 1)
    ELSE x
END;
CREATE MACRO azure_subscription(x) AS CASE
    WHEN starts_with(x, '/') AND regexp_matches(x, '^/subscriptions/', 'i') THEN regexp_extract(x, '(?i)^/subscriptions/([^/]+)', 1)
    ELSE x
END;
