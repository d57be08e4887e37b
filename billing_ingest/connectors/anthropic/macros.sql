-- What the vendor's bills and logs have in common.

-- Cents as dollars, exactly. What is not plain cents of USD keeps its words and is refused by the
-- check of amounts.
CREATE OR REPLACE MACRO dollars_of(cents, currency) AS CASE
    WHEN currency = 'USD' AND regexp_full_match(cents, '-?[0-9]{1,14}(\.[0-9]{1,22})?')
        THEN (cents::DECIMAL(38, 22) * 0.01::DECIMAL(3, 2))::VARCHAR
    ELSE concat_ws(' ', cents, 'hundredths of', currency)
END;

CREATE OR REPLACE MACRO month_of(moment) AS date_trunc('month', try_cast(left(moment, 10) AS DATE));

-- Our word for what a charge is for, from the words of the APIs and of the Console.
CREATE OR REPLACE MACRO claude_meter(token_type, cost_type) AS CASE
    WHEN token_type IN ('uncached_input_tokens', 'input_no_cache') THEN 'input'
    WHEN token_type IN ('cache_read_input_tokens', 'input_cache_read') THEN 'cached_input'
    WHEN token_type LIKE 'cache_creation%' OR token_type LIKE 'input_cache_write%' THEN 'cache_write'
    WHEN token_type IN ('output_tokens', 'output') THEN 'output'
    WHEN coalesce(token_type, cost_type) IN ('token', 'tokens') THEN NULL
    ELSE coalesce(token_type, cost_type)
END;

-- A sum of counts; what is no count stays in words and is refused.
CREATE OR REPLACE MACRO sum_of_counts(one, other) AS CASE
    WHEN regexp_full_match(one || ',' || other, '[0-9]{1,15},[0-9]{1,15}')
        THEN (one::BIGINT + other::BIGINT)::VARCHAR
    ELSE one || ' and ' || other
END;

-- The Console names models for people ("Claude Haiku 4.5"). The ids of the APIs have the words in
-- another order before version 4, and a date up to 4.5.
CREATE OR REPLACE MACRO dashed(shown) AS replace(replace(lower(trim(shown)), ' ', '-'), '.', '-');

CREATE OR REPLACE MACRO claude_model(shown) AS CASE
    WHEN regexp_matches(shown, '[0-9]{4}-[0-9]{2}-[0-9]{2}\s*$')
        THEN regexp_replace(dashed(shown), '([0-9]{4})-([0-9]{2})-([0-9]{2})$', '\1\2\3')
    ELSE coalesce(element_at(map {
        'claude-3-haiku': 'claude-3-haiku-20240307',
        'claude-haiku-3': 'claude-3-haiku-20240307',
        'claude-3-opus': 'claude-3-opus-20240229',
        'claude-opus-3': 'claude-3-opus-20240229',
        'claude-3-5-haiku': 'claude-3-5-haiku-20241022',
        'claude-haiku-3-5': 'claude-3-5-haiku-20241022',
        'claude-3-7-sonnet': 'claude-3-7-sonnet-20250219',
        'claude-sonnet-3-7': 'claude-3-7-sonnet-20250219',
        'claude-sonnet-4': 'claude-sonnet-4-20250514',
        'claude-opus-4': 'claude-opus-4-20250514',
        'claude-opus-4-1': 'claude-opus-4-1-20250805',
        'claude-sonnet-4-5': 'claude-sonnet-4-5-20250929',
        'claude-haiku-4-5': 'claude-haiku-4-5-20251001',
        'claude-opus-4-5': 'claude-opus-4-5-20251101'
    }, dashed(shown))[1], dashed(shown))
END;

-- Who: an address; else the vendor's id of a person, service or outside subject. A key is no person.
CREATE OR REPLACE MACRO claude_actor(who) AS coalesce(
    nullif(lower(trim(who->>'email_address')), ''),
    'anthropic:' || coalesce(who->>'user_id', who->>'service_account_id', who->>'subject')
);

-- The end of a period of at most a day; a longer one in words, which are no time.
CREATE OR REPLACE MACRO one_day(starts, ends) AS CASE
    WHEN try_cast(ends AS TIMESTAMPTZ) - try_cast(starts AS TIMESTAMPTZ) > INTERVAL 1 DAY
        THEN concat(ends, ' is more than a day on: ask for days')
    ELSE ends
END;
