-- What each person did on a day: lines, no money. Rows of people who were not active repeat figures
-- that mean nothing.
WITH person AS (
    SELECT unnest(people) AS person, generate_subscripts(people, 1) AS p, _line
    FROM (SELECT doc->'$.data[*]' AS people, _line FROM raw)
),
active AS (
    SELECT *, row_number() OVER (ORDER BY _line, p) AS line FROM person
),
meters AS (
    FROM (VALUES
        ('lines_added', '$.totalLinesAdded'), ('lines_accepted', '$.acceptedLinesAdded')
    ) AS m (meter, path)
)
SELECT
    line,
    coalesce(person->>'day', left(cursor_time(person->>'date'), 10)) || 'T00:00:00Z' AS occurred_at,
    'day' AS grain,
    'cursor' AS provider,
    coalesce(lower(nullif(trim(person->>'email'), '')), 'cursor:' || (person->>'userId')) AS actor,
    meter,
    coalesce(person->>path, '0') AS quantity,
    'lines' AS unit,
    json_object(
        'log', 'cursor_daily', 'applies', person->>'totalApplies', 'accepts', person->>'totalAccepts',
        'tabs_accepted', person->>'totalTabsAccepted', 'agent_requests', person->>'agentRequests',
        'included_requests', person->>'subscriptionIncludedReqs',
        'usage_based_requests', person->>'usageBasedReqs'
    )::VARCHAR AS tags
FROM active CROSS JOIN meters
WHERE coalesce(person->>'isActive', 'true') = 'true'
