-- Keys and who holds them. A key does not say its project: the note in front of its page does.
WITH listed AS (
    SELECT unnest(keys) AS key, generate_subscripts(keys, 1) AS k, project, _line
    FROM (
        SELECT
            doc->'$.data[*]' AS keys,
            last_value(doc->>'$.asked.project_id' IGNORE NULLS) OVER (ORDER BY _line) AS project,
            _line
        FROM raw
    )
),
held AS (
    SELECT *, coalesce(key->'$.owner.user', key->'$.owner.service_account', key->'$.owner') AS owner FROM listed
)
SELECT
    row_number() OVER (ORDER BY _line, k) AS line,
    'api_key' AS kind,
    key->>'id' AS external_id,
    coalesce(key->>'name', key->>'redacted_value') AS name,
    coalesce(nullif(lower(trim(owner->>'email')), ''), 'openai:' || (owner->>'id')) AS owner,
    project AS parent,
    key->>'owner_project_access' AS status,
    unix_time(key->>'created_at') AS created_at,
    unix_time(key->>'expires_at') AS ended_at
FROM held
