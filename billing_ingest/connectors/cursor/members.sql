-- The team's members, each with the vendor's id.
SELECT
    row_number() OVER (ORDER BY _line, m) AS line,
    lower(trim(member->>'email')) AS email,
    member->>'name' AS name,
    'cursor:' || (member->>'id') AS identities
FROM (
    SELECT unnest(members) AS member, generate_subscripts(members, 1) AS m, _line
    FROM (SELECT doc->'$.teamMembers[*]' AS members, _line FROM raw)
)
