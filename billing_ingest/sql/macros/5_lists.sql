-- Lists written with semicolons, as JSON. What cannot be read stays as it is and is refused.

-- a@x;b@x or with weights for the credit a@x=5;b@x=3
CREATE MACRO people_list(x, role) AS to_json(list_transform(list_distinct(words_of(x)),
    lambda person: {
        'actor': actor_of(regexp_extract(person, '^(.*?)(=[0-9]{1,9})?$', 1)),
        'role': role,
        'weight': coalesce(try_cast(regexp_extract(person, '=([0-9]{1,9})$', 1) AS BIGINT), 1)
    }))::VARCHAR;

-- s7;s8 or with weights s7=120;s8=80
CREATE MACRO session_of(word) AS {
    'type': 'session',
    'value': regexp_extract(word, '^(.*?)(=[0-9]{1,15})?$', 1),
    'weight': coalesce(try_cast(regexp_extract(word, '=([0-9]{1,15})$', 1) AS BIGINT), 1)
};

CREATE MACRO keys_list(own_type, own, sessions) AS CASE
    WHEN regexp_matches(sessions, '(=[^;0-9][^;]*|=)\s*(;|$)') THEN sessions
    ELSE to_json(list_concat(
        list_transform(list_filter(list_distinct(own), lambda key: key IS NOT NULL),
            lambda key: {'type': own_type, 'value': key, 'weight': 1::BIGINT}),
        list_transform(words_of(sessions), lambda word: session_of(word))))::VARCHAR
END;

-- reverts:ID;fixes:ID
CREATE MACRO link_target(id, kind, host) AS CASE
    WHEN kind = 'pull_request' AND regexp_full_match(lower(id), '[^/#\s]+/[^/#\s]+#[0-9]+') THEN host || '/' || lower(id)
    ELSE regexp_replace(lower(id), '^https?://([^/]+)/(.+?)/(?:-/)?(?:pull|pulls|merge_requests|pull-requests)/([0-9]+).*$', '\1/\2#\3')
END;

CREATE MACRO links_list(x, kind, host) AS CASE
    WHEN x IS NULL OR trim(x) = '' THEN NULL
    WHEN list_bool_and(list_transform(words_of(x), lambda word:
        regexp_full_match(word, '(reverts|fixes|closes|reopens|duplicates|part_of)\s*:\s*\S.*')))
    THEN to_json(list_transform(words_of(x), lambda word: {
        'type': regexp_extract(word, '^([a-z_]+)', 1),
        'kind': CASE WHEN kind = 'pull_request' AND word LIKE 'closes%' THEN 'ticket' ELSE kind END,
        'key': link_target(trim(regexp_extract(word, '^[a-z_]+\s*:(.*)$', 1)), kind, host),
        'evidence': 'manual'}))::VARCHAR
    ELSE x
END;
