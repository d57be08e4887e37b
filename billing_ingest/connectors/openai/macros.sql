-- What costs and dashboard exports have in common: times, amounts, and what a line item says.

-- Unix seconds as a time; anything else stays what it is and is refused by the check of times.
CREATE OR REPLACE MACRO unix_time(x) AS CASE
    WHEN regexp_full_match(x, '[0-9]{1,11}')
        THEN strftime(make_timestamp(x::BIGINT * 1000000), '%Y-%m-%dT%H:%M:%SZ')
    ELSE x
END;

CREATE OR REPLACE MACRO month_of(moment) AS date_trunc('month', try_cast(left(moment, 10) AS DATE));

-- Zero is sometimes written with an exponent no other number has (0E-6176).
CREATE OR REPLACE MACRO plain_zero(x) AS CASE
    WHEN regexp_full_match(x, '[-+]?0+(\.0*)?([eE][-+]?[0-9]+)?') THEN '0' ELSE x
END;

-- A line item is "[tier or surface | ]model[ modality], kind of token[, long context]", or the name
-- of a tool. In front of the first comma stands the model, a word with a digit or a hyphen.
CREATE OR REPLACE MACRO item_body(item) AS trim(regexp_replace(item, '^[^|,]*\|', ''));

CREATE OR REPLACE MACRO item_kind(item) AS
    replace(lower(regexp_extract(item_body(item), '^[^,]*,\s*(.*)$', 1)), '_', ' ');

CREATE OR REPLACE MACRO item_model(item) AS lower(nullif(regexp_extract(
    regexp_extract(item_body(item), '^([^\s,|]+)(\s[a-z]+)?(,|$)', 1), '^.*[0-9-].*$'), ''));

CREATE OR REPLACE MACRO item_tier(item) AS
    nullif(regexp_extract(lower(item), '(^|[ |,])(batch|flex|priority)([ |,]|$)', 2), '');

CREATE OR REPLACE MACRO item_meter(item, unit) AS CASE
    WHEN item_kind(item) LIKE '%cached%' THEN 'cached_input'
    WHEN item_kind(item) LIKE '%cache write%' THEN 'cache_write'
    WHEN item_kind(item) LIKE '%output%' THEN 'output'
    WHEN item_kind(item) LIKE '%input%' THEN 'input'
    WHEN item_kind(item) LIKE '%training%' THEN 'training'
    WHEN regexp_matches(lower(item), 'web[ _-]?search') THEN 'web_search'
    WHEN regexp_matches(lower(item), 'file[ _-]?search') THEN 'file_search'
    WHEN regexp_matches(lower(item), 'code[ _-]?interpreter') THEN 'code_interpreter'
    WHEN regexp_matches(lower(item), 'vector|storage') OR unit = 'gibibyte_hours' THEN 'vector_store_bytes'
    WHEN unit = 'images' THEN 'images'
    WHEN unit = 'characters' OR item_kind(item) LIKE '%character%' THEN 'characters'
    WHEN starts_with(unit, 'duration') OR item_kind(item) IN ('audio', 'seconds', 'minutes')
        THEN 'audio_seconds'
END;

CREATE OR REPLACE MACRO item_unit(unit) AS CASE unit WHEN '1000_tokens' THEN '1000 tokens' ELSE unit END;
