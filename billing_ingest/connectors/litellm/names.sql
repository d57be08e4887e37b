-- Keys, users and teams as the proxy's lists give them, in pages or one by one.
WITH item AS (
    SELECT unnest(items) AS item, generate_subscripts(items, 1) AS i, _line
    FROM (
        SELECT
            CASE
                WHEN json_type(doc->'keys') = 'ARRAY' THEN doc->'$.keys[*]'
                WHEN json_type(doc->'users') = 'ARRAY' THEN doc->'$.users[*]'
                WHEN json_type(doc->'teams') = 'ARRAY' THEN doc->'$.teams[*]'
                ELSE [doc]
            END AS items,
            _line
        FROM raw
    )
),
named AS (
    SELECT
        row_number() OVER (ORDER BY _line, i) AS line,
        CASE
            WHEN (item->>'token') IS NOT NULL THEN 'api_key'
            WHEN (item->>'team_alias') IS NOT NULL OR (item->>'user_id') IS NULL THEN 'workspace'
            ELSE 'user'
        END AS kind,
        item
    FROM item
)
SELECT
    line,
    kind,
    CASE kind
        WHEN 'api_key' THEN item->>'token'
        WHEN 'user' THEN litellm_actor(item->>'user_id', item->>'user_email')
        ELSE item->>'team_id'
    END AS external_id,
    coalesce(item->>'key_alias', item->>'team_alias', item->>'user_alias', item->>'key_name') AS name,
    CASE WHEN kind = 'user' THEN lower(item->>'user_email') END AS email,
    CASE WHEN kind = 'api_key' THEN litellm_actor(item->>'user_id', item->>'$.user.user_email') END AS owner,
    CASE WHEN kind = 'api_key' THEN litellm_word(item->>'team_id') END AS parent,
    CASE WHEN (item->>'blocked') = 'true' THEN 'blocked' ELSE 'active' END AS status,
    item->>'created_at' AS created_at,
    CASE WHEN kind = 'api_key' THEN item->>'expires' END AS ended_at
FROM named
WHERE external_id IS NOT NULL
