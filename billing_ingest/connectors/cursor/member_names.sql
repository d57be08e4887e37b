-- The team's members by the name that events use, and by the id of other answers.
SELECT
    row_number() OVER (ORDER BY _line, m) AS line,
    'user' AS kind,
    lower(trim(member->>'email')) AS external_id,
    member->>'name' AS name,
    lower(trim(member->>'email')) AS email,
    CASE WHEN (member->>'isRemoved') = 'true' THEN 'removed' ELSE 'active' END AS status
FROM (
    SELECT unnest(members) AS member, generate_subscripts(members, 1) AS m, _line
    FROM (SELECT doc->'$.teamMembers[*]' AS members, _line FROM raw)
)
