SELECT
    _line AS line,
    lower(trim(email)) AS email,
    trim(name) AS name,
    clean(team) AS team,
    clean(parent_team) AS parent_team,
    trim(cost_center) AS cost_center,
    trim(valid_from) AS valid_from,
    trim(valid_to) AS valid_to,
    identities
FROM raw
