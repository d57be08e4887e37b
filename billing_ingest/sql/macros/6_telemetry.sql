-- OpenTelemetry in JSON: attributes are lists of {key, value: {one of several forms}}.
-- Arguments are columns: an arrow inside a list function would be read as a lambda.

CREATE MACRO otlp_value(said) AS coalesce(
    json_extract_string(said, '$.stringValue'), json_extract_string(said, '$.intValue'),
    json_extract_string(said, '$.doubleValue'), json_extract_string(said, '$.boolValue'));

CREATE MACRO otlp_attributes(entries) AS {
    'names': list_transform(entries, lambda entry: json_extract_string(entry, '$.key')),
    'texts': list_transform(entries, lambda entry: otlp_value(json_extract(entry, '$.value')))
};

CREATE MACRO otlp_said(attributes, named) AS
    nullif(trim(attributes.texts[list_position(attributes.names, named)]), '');

-- What tells one set of attributes from another, in whatever order they stand.
CREATE MACRO otlp_identity(attributes) AS array_to_string(
    list_sort(list_transform(list_zip(attributes.names, attributes.texts),
        lambda pair: coalesce(pair[1], '') || '=' || coalesce(pair[2], ''))), chr(31));

-- Nanoseconds since 1970 as a time in words; what is none stays and is refused.
CREATE MACRO otlp_time(nanos) AS CASE
    WHEN regexp_full_match(nanos, '[0-9]{16,19}')
        THEN strftime(make_timestamp(nanos::BIGINT // 1000), '%Y-%m-%dT%H:%M:%S.%fZ')
    ELSE nullif(nanos, '0')
END;

-- 120, "120" and 120.0 are the same count; what is no whole number stays and is refused.
CREATE MACRO count_of(x) AS CASE
    WHEN x IS NULL OR regexp_full_match(x, '[0-9]{1,18}') THEN x
    WHEN regexp_full_match(x, '[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]{1,3})?')
        AND try_cast(x AS DECIMAL(38, 6)) = trunc(try_cast(x AS DECIMAL(38, 6)))
        THEN try_cast(x AS DECIMAL(38, 6))::HUGEINT::VARCHAR
    ELSE x
END;

CREATE MACRO is_count(x) AS regexp_full_match(x, '[0-9]{1,18}');

-- The sum of counts, of which some may be missing; what is no count stays and is refused.
CREATE MACRO count_sum(x, y) AS CASE
    WHEN y IS NULL THEN x
    WHEN x IS NULL THEN y
    WHEN is_count(x) AND is_count(y) THEN (x::BIGINT + y::BIGINT)::VARCHAR
    ELSE x || ' and ' || y
END;

-- A count without the part of it that is counted by itself. Some tools give both apart although
-- they should not: a part larger than the whole is no part of it.
CREATE MACRO count_without(whole, part) AS CASE
    WHEN is_count(whole) AND is_count(part) AND whole::BIGINT >= part::BIGINT
        THEN (whole::BIGINT - part::BIGINT)::VARCHAR
    ELSE whole
END;

-- git@github.com:Acme/Web.git and https://github.com/acme/web are acme/web.
CREATE MACRO repo_of(x) AS lower(regexp_replace(
    CASE WHEN contains(x, '://') THEN regexp_replace(x, '^[a-z+]+://[^/]+/', '')
         WHEN regexp_matches(x, '^[^/@:]+@[^:/]+:') THEN regexp_replace(x, '^[^:]+:', '')
         ELSE x END,
    '(\.git)?/?$', ''));

-- Who serves a Claude model, told by how its name is written.
CREATE MACRO claude_server(model) AS CASE
    WHEN contains(lower(model), 'anthropic.') OR starts_with(lower(model), 'arn:aws') THEN 'aws'
    WHEN contains(model, '@') THEN 'gcp'
    ELSE 'anthropic'
END;

CREATE MACRO without_nulls(object) AS nullif(json_merge_patch('{}', object)::VARCHAR, '{}');

CREATE MACRO otlp_identity_without(attributes, left_out) AS array_to_string(
    list_sort(list_transform(
        list_filter(list_zip(attributes.names, attributes.texts), lambda pair: NOT list_contains(left_out, pair[1])),
        lambda pair: coalesce(pair[1], '') || '=' || coalesce(pair[2], ''))), chr(31));

-- What a running total grew by. A total that fell began anew.
CREATE MACRO increase(total, before) AS CASE
    WHEN try_cast(total AS DECIMAL(38, 12)) >= try_cast(before AS DECIMAL(38, 12))
        THEN rtrim(rtrim((total::DECIMAL(38, 12) - before::DECIMAL(38, 12))::VARCHAR, '0'), '.')
    ELSE total
END;

CREATE MACRO sum_of_counts(counts) AS CASE
    WHEN len(counts) = 0 THEN NULL
    WHEN list_bool_and(list_transform(counts, lambda x: is_count(x)))
        THEN list_sum(list_transform(counts, lambda x: x::BIGINT))::BIGINT::VARCHAR
    ELSE array_to_string(counts, ' and ')
END;

-- Who serves a model, in our words, from the words of either generation of gen_ai.
CREATE MACRO gen_ai_provider(x) AS CASE
    WHEN regexp_matches(lower(x), '^aws|bedrock') THEN 'aws'
    WHEN regexp_matches(lower(x), '^az|azure') THEN 'azure'
    WHEN regexp_matches(lower(x), '^gcp|vertex|gemini|google') THEN 'gcp'
    WHEN lower(x) = 'mistral_ai' THEN 'mistral'
    ELSE lower(x)
END;

-- A person as a program names them: an address, or an id of the program's own.
CREATE MACRO otel_person(x) AS CASE WHEN contains(x, '@') THEN lower(x) ELSE 'otel:' || x END;

CREATE MACRO gen_ai_model(attributes) AS
    coalesce(otlp_said(attributes, 'gen_ai.response.model'), otlp_said(attributes, 'gen_ai.request.model'));
