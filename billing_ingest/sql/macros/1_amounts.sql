-- x_problem(text) is null when the text is fine, else the code of the refusal. DuckDB's own casts
-- bend values (1_000, surplus decimals, '  1 '), so the text is judged before any cast.

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

-- A registered unit by its code, however the file writes it; anything else as it is.
CREATE MACRO unit_code(x) AS
    coalesce(map_extract(getvariable('units'), lower(trim(x)))[1], x);

CREATE MACRO currency_problem(x) AS CASE
    WHEN x IS NULL OR x = '' OR list_contains(getvariable('currencies'), x) THEN NULL ELSE 'unknown_currency'
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
