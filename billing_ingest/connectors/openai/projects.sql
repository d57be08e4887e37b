-- Projects, archived ones too: old costs name them.
SELECT
    row_number() OVER (ORDER BY _line, p) AS line,
    'project' AS kind,
    project->>'id' AS external_id,
    project->>'name' AS name,
    project->>'status' AS status,
    unix_time(project->>'created_at') AS created_at,
    unix_time(project->>'archived_at') AS ended_at
FROM (
    SELECT unnest(projects) AS project, generate_subscripts(projects, 1) AS p, _line
    FROM (SELECT doc->'$.data[*]' AS projects, _line FROM raw)
)
