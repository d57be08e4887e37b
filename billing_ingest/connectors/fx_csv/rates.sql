SELECT
    _line AS line,
    unit_code(upper(trim(currency))) AS currency,
    upper(trim(reporting_currency)) AS reporting_currency,
    trim(day) AS day,
    trim(rate) AS rate,
    trim(origin) AS origin
FROM raw
