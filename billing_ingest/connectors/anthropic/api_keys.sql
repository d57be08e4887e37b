-- Keys of every status: usage names those that are gone by now.
SELECT
    row_number() OVER (ORDER BY _line, k) AS line,
    'api_key' AS kind,
    key->>'id' AS external_id,
    key->>'name' AS name,
    'anthropic:' || (key->>'$.created_by.id') AS owner,
    coalesce(key->>'workspace_id', key->>'$.scope.workspace_id', 'default') AS parent,
    key->>'status' AS status,
    key->>'created_at' AS created_at,
    key->>'expires_at' AS ended_at
FROM (
    SELECT unnest(keys) AS key, generate_subscripts(keys, 1) AS k, _line
    FROM (SELECT doc->'$.data[*]' AS keys, _line FROM raw)
)
