-- Workspaces, archived ones too: old costs name them.
SELECT
    row_number() OVER (ORDER BY _line, w) AS line,
    'workspace' AS kind,
    workspace->>'id' AS external_id,
    workspace->>'name' AS name,
    CASE WHEN (workspace->>'archived_at') IS NULL THEN 'active' ELSE 'archived' END AS status,
    workspace->>'created_at' AS created_at,
    workspace->>'archived_at' AS ended_at
FROM (
    SELECT unnest(workspaces) AS workspace, generate_subscripts(workspaces, 1) AS w, _line
    FROM (SELECT doc->'$.data[*]' AS workspaces, _line FROM raw)
)
