-- What may stand in a file, by type. x_problem(text) is null when the text is fine, else the
-- code of the refusal. DuckDB's own casts bend values (1_000, surplus decimals, '  1 '), so the
-- text is judged before any cast.

CREATE MACRO decimals_of(x) AS
    strlen(rtrim(regexp_extract(x, '\.([0-9]*)', 1), '0'))
    - coalesce(try_cast(regexp_extract(x, '[eE]([-+]?[0-9]+)$', 1) AS INTEGER), 0);

CREATE MACRO number_problem(x) AS CASE
    WHEN regexp_full_match(trim(x), '[-+]?(nan|inf|infinity)', 'i') THEN 'amount_not_finite'
    WHEN NOT regexp_full_match(x, '[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,9})?') THEN 'amount_format'
    WHEN try_cast(x AS DOUBLE) IS NULL OR isinf(try_cast(x AS DOUBLE)) THEN 'amount_not_finite'
    WHEN abs(try_cast(x AS DOUBLE)) >= 9e9 THEN 'amount_too_large'
END;

CREATE MACRO amount_problem(x) AS CASE
    WHEN x IS NULL OR x = '' OR regexp_full_match(x, '-?[0-9]{1,9}(\.[0-9]{0,24})?') THEN NULL
    WHEN number_problem(x) IS NOT NULL THEN number_problem(x)
    WHEN decimals_of(x) > 24 OR try_cast(x AS DECIMAL(38, 24)) IS NULL THEN 'amount_scale'
END;

-- The same as a quick yes or no: nearly all values pass the first test, and CASE (not AND) looks
-- at the second one only for the rest.
CREATE MACRO amount_is_bad(x) AS CASE
    WHEN x IS NULL OR regexp_full_match(x, '-?[0-9]{1,9}(\.[0-9]{0,24})?') THEN false
    ELSE amount_problem(x) IS NOT NULL
END;

-- Quantities are no money: surplus decimals are rounded, size may be larger.
CREATE MACRO quantity_problem(x) AS CASE
    WHEN x IS NULL OR x = '' OR regexp_full_match(x, '-?[0-9]{1,16}(\.[0-9]*)?') THEN NULL
    WHEN number_problem(x) = 'amount_too_large' AND abs(try_cast(x AS DOUBLE)) < 1e17 THEN NULL
    ELSE number_problem(x)
END;

-- What an outcome is worth: never negative, never in exponents.
CREATE MACRO value_problem(x) AS CASE
    WHEN x IS NULL OR x = '' OR regexp_full_match(x, '[0-9]{1,18}(\.[0-9]{1,9})?') THEN NULL
    WHEN amount_problem(x) = 'amount_not_finite' THEN 'amount_not_finite'
    WHEN starts_with(x, '-') THEN 'amount_negative'
    WHEN amount_problem(x) IS NULL AND decimals_of(x) > 9 THEN 'amount_scale'
    ELSE 'amount_format'
END;

CREATE MACRO integer_problem(x) AS CASE
    WHEN x IS NULL OR x = '' OR regexp_full_match(x, '[0-9]{1,18}') THEN NULL
    WHEN regexp_full_match(x, '-[0-9]+') THEN 'negative_count'
    ELSE 'bad_type'
END;

-- A time in UTC. The cast that knows zones is slow, so it is kept for values with an offset.
CREATE MACRO utc(x) AS CASE
    WHEN strlen(x) = 10 OR (strlen(x) = 19 AND substr(x, 17, 1) = ':') OR ends_with(x, 'Z')
        THEN try_cast(x AS TIMESTAMP)
    ELSE timezone('UTC', try_cast(x AS TIMESTAMPTZ))
END;

CREATE MACRO timestamp_problem(x) AS CASE
    WHEN x IS NULL OR x = '' THEN NULL
    WHEN regexp_full_match(x, '[0-9]{1,2}[/.][0-9]{1,2}[/.]([0-9]{2}|[0-9]{4})') THEN 'ambiguous_date'
    WHEN NOT regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)? ?(Z|[-+][0-9]{2}(:?[0-9]{2})?)?)?') THEN 'bad_date'
    WHEN utc(x) IS NULL THEN 'bad_date'
    WHEN x < '2000' OR x >= '2100' THEN 'date_out_of_range'
END;

CREATE MACRO timestamp_is_bad(x) AS CASE
    WHEN x IS NULL THEN false
    WHEN strlen(x) BETWEEN 19 AND 20 AND x LIKE '20__-__-___%' THEN utc(x) IS NULL
    ELSE timestamp_problem(x) IS NOT NULL
END;

CREATE MACRO day_problem(x) AS CASE
    WHEN strlen(x) > 10 THEN 'bad_date' ELSE timestamp_problem(x)
END;

CREATE MACRO currency_problem(x) AS CASE
    WHEN x IS NULL OR x = '' OR list_contains(getvariable('currencies'), x) THEN NULL ELSE 'unknown_currency'
END;

-- PostgreSQL takes no zero character, not even an escaped one.
CREATE MACRO json_problem(x) AS CASE
    WHEN x IS NULL OR x = '' THEN NULL
    WHEN NOT json_valid(x) OR (contains(x, '\u0000') AND regexp_matches(x, '(^|[^\\])(\\\\)*\\u0000')) THEN 'bad_json'
END;

CREATE MACRO flag_problem(x) AS CASE
    WHEN x IS NULL OR lower(x) IN ('', 'true', 'false', '1', '0', 'yes', 'no') THEN NULL ELSE 'bad_flag'
END;

CREATE MACRO email_problem(x) AS CASE
    WHEN x IS NULL OR x = '' OR regexp_full_match(x, '[^\s@;,<>"]+@[^\s@;,<>"]+') THEN NULL ELSE 'bad_email'
END;

CREATE MACRO is_set(x) AS lower(coalesce(x, '')) IN ('true', '1', 'yes');

-- 1 for a time without a zone, 2 for one with a zone; null for a mere day.
CREATE MACRO zone_of(x) AS CASE
    WHEN x IS NULL OR strlen(x) <= 10 THEN NULL
    WHEN ends_with(x, 'Z') THEN 2
    WHEN strlen(x) = 19 THEN 1
    WHEN regexp_matches(x, '[-+][0-9]{2}(:?[0-9]{2})?$') THEN 2
    ELSE 1
END;

-- 4/1/25 in ISO form once the order of day and month is known (see dates.py); else unchanged.
CREATE MACRO iso_date(x) AS CASE
    WHEN x IS NULL OR NOT contains(x, '/') OR getvariable('date_order') IS NULL THEN x
    ELSE coalesce(strftime(try_strptime(x, CASE getvariable('date_order')
        WHEN 'mdy' THEN ['%-m/%-d/%y', '%-m/%-d/%Y'] ELSE ['%-d/%-m/%y', '%-d/%-m/%Y'] END), '%Y-%m-%d'), x)
END;

-- $1,234.50 is 1234.50 when the row's own currency is the sign's and the number can be read in
-- one way only: groups of three and a decimal point. Anything else stays and is refused.
CREATE MACRO plain_amount(x, currency) AS CASE
    WHEN x IS NULL OR NOT (contains(x, '$') OR contains(x, '€') OR contains(x, '£')) THEN x
    WHEN regexp_full_match(x, '\s*-?[$€£]([0-9]{1,3}(,[0-9]{3})*|[0-9]+)\.[0-9]+\s*')
        AND currency = CASE regexp_extract(x, '[$€£]') WHEN '$' THEN 'USD' WHEN '€' THEN 'EUR' ELSE 'GBP' END
        THEN regexp_replace(x, '[\s,$€£]', '', 'g')
    ELSE x
END;

-- Names of teams and the like: one spelling for what looks the same.
CREATE MACRO clean(x) AS trim(regexp_replace(nfc_normalize(x), '[\x{200B}-\x{200D}\x{FEFF}]', '', 'g'));

CREATE MACRO actor_of(x) AS CASE WHEN contains(x, '@') THEN lower(trim(x)) ELSE trim(x) END;

-- The tags that say who and what for, with and without our prefix; tag_of takes the n-th. Most
-- tags say neither, and a glance is cheaper than a parse.
CREATE MACRO tags_said(tags) AS CASE
    WHEN tags IS NULL OR NOT regexp_matches(tags,
        '"(outlay:)?(person|team|repo|branch|pr|session|ticket|conversation|deal|shared|excluded|api_key|project|model)"')
    THEN NULL
    ELSE TRY(json_extract_string(tags, [
        '$."outlay:person"', '$."outlay:team"', '$."outlay:repo"', '$."outlay:branch"', '$."outlay:pr"',
        '$."outlay:session"', '$."outlay:ticket"', '$."outlay:conversation"', '$."outlay:deal"',
        '$."outlay:shared"', '$."outlay:excluded"', '$."outlay:api_key"', '$."outlay:project"', '$."outlay:model"',
        '$.person', '$.team', '$.repo', '$.branch', '$.pr', '$.session', '$.ticket', '$.conversation', '$.deal',
        '$.shared', '$.excluded', '$.api_key', '$.project', '$.model']))
END;

CREATE MACRO tag_of(said, n) AS trim(coalesce(said[n], said[n + 14]));

CREATE MACRO provider_slug(x) AS CASE
    WHEN x IS NULL OR trim(x) = '' THEN ''
    WHEN regexp_matches(x, '^(aws|amazon)\b', 'i') THEN 'aws'
    WHEN regexp_matches(x, '\b(microsoft|azure)\b', 'i') THEN 'azure'
    WHEN regexp_matches(x, '\bgoogle\b', 'i') THEN 'google'
    ELSE regexp_extract(regexp_replace(lower(trim(x)), '[^a-z0-9]+', '-', 'g'), '^-?(.*?)(-(inc|llc|ltd|pbc|gmbh))?-?$', 1)
END;

-- Which token meter a line is for, when its words leave no doubt.
CREATE MACRO meter_in(x) AS CASE
    WHEN regexp_matches(x, 'cache') THEN CASE
        WHEN regexp_matches(x, 'writ|creat') THEN 'cache_write'
        WHEN regexp_matches(x, 'read|hit|cached') THEN 'cached_input' ELSE '' END
    WHEN contains(x, 'input') AND contains(x, 'output') THEN ''
    WHEN contains(x, 'input') THEN 'input'
    WHEN contains(x, 'output') THEN 'output'
    WHEN regexp_matches(x, 'web.?search') THEN 'web_search'
    ELSE ''
END;

CREATE MACRO meter_of(sku_meter, description) AS CASE
    WHEN sku_meter IS NOT NULL AND meter_in(lower(sku_meter)) <> '' THEN meter_in(lower(sku_meter))
    WHEN contains(lower(description), 'token') THEN meter_in(lower(description))
    ELSE ''
END;
