SELECT
    _line AS line,
    clean(vendor) AS vendor,
    clean(plan) AS plan,
    actor_of(email) AS holder,
    iso_date(trim(assigned_from)) AS assigned_from,
    iso_date(trim(assigned_to)) AS assigned_to,
    iso_date(trim(last_active_at)) AS last_active_at,
    trim(price) AS price,
    upper(trim(currency)) AS currency,
    lower(trim(period)) AS period,
    iso_date(trim(renewal_date)) AS renewal_date
FROM raw
