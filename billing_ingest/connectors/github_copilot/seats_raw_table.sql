-- Seats as a raw table of another tool keeps them: one JSON object per line.
WITH seat AS (
    SELECT TRY(data::JSON) AS seat, data, _line AS line FROM raw
),
held AS (
    SELECT
        *,
        seat->>'$.assignee.login' AS login,
        coalesce(seat->>'$.assignee.id', login) AS assignee,
        seat->>'created_at' AS since,
        seat->>'last_activity_at' AS active
    FROM seat
),
once AS (
    SELECT
        *,
        min(utc(since)) OVER (PARTITION BY assignee) AS first_since,
        max(utc(active)) OVER (PARTITION BY assignee) AS last_active,
        row_number() OVER (PARTITION BY assignee ORDER BY utc(active) DESC NULLS LAST, line) AS nth
    FROM held WHERE login IS NOT NULL OR seat IS NULL
)
SELECT
    line,
    'GitHub' AS vendor,
    copilot_plan(seat->>'plan_type') AS plan,
    'github:' || lower(login) AS holder,
    coalesce(seat->>'$.assignee.name', login) AS holder_name,
    coalesce(strftime(first_since, '%Y-%m-%d'), since) AS assigned_from,
    seat->>'pending_cancellation_date' AS assigned_to,
    coalesce(strftime(last_active, '%Y-%m-%dT%H:%M:%SZ'), active) AS last_active_at
FROM once WHERE nth = 1 OR seat IS NULL
