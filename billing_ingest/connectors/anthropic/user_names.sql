-- What the vendor calls its members; usage names them by id.
SELECT
    row_number() OVER (ORDER BY _line, u) AS line,
    'user' AS kind,
    'anthropic:' || (account->>'id') AS external_id,
    account->>'name' AS name,
    lower(trim(account->>'email')) AS email,
    account->>'added_at' AS created_at
FROM (
    SELECT unnest(accounts) AS account, generate_subscripts(accounts, 1) AS u, _line
    FROM (SELECT doc->'$.data[*]' AS accounts, _line FROM raw)
)
