-- The vendor's user ids, each with the person behind it. A user without an address is nobody yet.
SELECT
    row_number() OVER (ORDER BY _line, u) AS line,
    lower(trim(account->>'email')) AS email,
    account->>'name' AS name,
    'openai:' || (account->>'id') AS identities
FROM (
    SELECT unnest(accounts) AS account, generate_subscripts(accounts, 1) AS u, _line
    FROM (SELECT doc->'$.data[*]' AS accounts, _line FROM raw)
)
WHERE coalesce(trim(account->>'email'), '') <> ''
