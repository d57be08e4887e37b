-- Words, flags, JSON, names and lists with semicolons.

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

-- Names of teams and the like: one spelling for what looks the same.
CREATE MACRO clean(x) AS trim(regexp_replace(nfc_normalize(x), '[\x{200B}-\x{200D}\x{FEFF}]', '', 'g'));

CREATE MACRO actor_of(x) AS CASE WHEN contains(x, '@') THEN lower(trim(x)) ELSE trim(x) END;

CREATE MACRO words_of(x) AS list_filter(
    list_transform(string_split(coalesce(x, ''), ';'), lambda word: trim(word)), lambda word: word <> '');

CREATE MACRO list_problem(x) AS CASE
    WHEN x IS NULL OR x = '' OR (json_valid(x) AND starts_with(x, '[')) THEN NULL ELSE 'bad_list'
END;

-- github:alice;jira:5b10
CREATE MACRO identities_problem(x) AS CASE
    WHEN list_bool_and(list_transform(words_of(x), lambda word: regexp_full_match(word, '[A-Za-z][A-Za-z0-9_-]*:\s*\S.*')))
        OR len(words_of(x)) = 0 THEN NULL
    ELSE 'bad_identity'
END;
