-- What the vendor says of each member's cycle so far, in cents. Sources disagree on whether it holds
-- the included part, so it is kept beside the events and counts nowhere.
WITH member AS (
    SELECT
        unnest(members) AS member, generate_subscripts(members, 1) AS m,
        doc->>'subscriptionCycleStart' AS since, _line
    FROM (SELECT *, doc->'$.teamMemberSpend[*]' AS members FROM raw)
)
SELECT
    row_number() OVER (ORDER BY _line, m) AS line,
    left(cursor_time(since), 10) || 'T00:00:00Z' AS occurred_at,
    'day' AS grain,
    'cursor' AS provider,
    lower(trim(member->>'email')) AS actor,
    'member_spend' AS meter,
    coalesce(member->>'spendCents', '0') AS quantity,
    'cents' AS unit,
    json_object(
        'log', 'cursor_spend', 'included_cents', member->>'includedSpendCents',
        'overall_cents', member->>'overallSpendCents', 'requests', member->>'fastPremiumRequests'
    )::VARCHAR AS tags
FROM member
