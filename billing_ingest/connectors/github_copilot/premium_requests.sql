-- The older report: requests by time and user, no money.
SELECT
    _line AS line,
    replace(trim("Timestamp"), ' ', 'T') AS occurred_at,
    'hour' AS grain,
    'requests_premium' AS meter,
    trim("Requests Used") AS quantity,
    'requests' AS unit,
    'github' AS provider,
    'github:' || lower(nullif(trim("User"), '')) AS actor,
    trim("Model") AS model,
    json_object(
        'log', 'premium_requests', 'over_quota', lower(trim("Exceeds Monthly Quota"))
    )::VARCHAR AS tags
FROM raw
