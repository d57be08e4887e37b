SELECT
    _line AS line,
    coalesce(nullif(clean(vendor), ''), clean(issuer)) AS issuer,
    trim(account) AS billing_account_id,
    trim(number) AS number,
    trim(issued_on) AS issued_on,
    trim(period_start) AS period_start,
    trim(period_end) AS period_end,
    upper(trim(currency)) AS currency,
    plain_amount(trim(amount), upper(trim(currency))) AS amount,
    plain_amount(trim(tax), upper(trim(currency))) AS tax_amount,
    trim(note) AS note
FROM raw
