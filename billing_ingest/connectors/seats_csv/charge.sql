-- A charge per seat and month, by the days that it was held. A yearly price with a renewal date is
-- billed where its term begins and used up month by month; without one it is billed by the month.
WITH seat AS (
    SELECT
        _line,
        clean(vendor) AS vendor,
        coalesce(clean(plan), '') AS plan,
        actor_of(email) AS holder,
        try_cast(iso_date(trim(assigned_from)) AS DATE) AS since,
        try_cast(iso_date(trim(assigned_to)) AS DATE) AS ended,
        try_cast(iso_date(trim(renewal_date)) AS DATE) AS renewal,
        utc(iso_date(trim(last_active_at)))::DATE AS active_on,
        price_nanos(price) AS nanos,
        trim(price) AS written,
        upper(trim(currency)) AS currency,
        coalesce(nullif(lower(trim(period)), ''), 'month') AS period
    FROM raw
    WHERE trim(price) <> ''
),
-- A file knows its vendor's seats up to the last thing it tells of them.
known AS (
    SELECT
        *,
        greatest(max(active_on) OVER v, max(since) OVER v) AS told,
        count(active_on) OVER v = 0 AND renewal IS NULL AND ended IS NULL AS is_blind,
        period = 'year' AND renewal IS NOT NULL AS is_prepaid,
        lag(coalesce(ended, DATE '9999-01-01')) OVER (
            PARTITION BY vendor, plan, holder ORDER BY since, _line
        ) > since AS is_twice
    FROM seat
    WINDOW v AS (PARTITION BY vendor)
),
paid AS (
    SELECT
        *,
        -- The first renewal that lies after what the file knows.
        CASE
            WHEN is_prepaid THEN years_on(renewal, greatest(0, date_diff('year', renewal, told)
                + CASE WHEN years_on(renewal, greatest(0, date_diff('year', renewal, told))) <= told
                    THEN 1 ELSE 0 END))
            ELSE greatest(renewal, (date_trunc('month', told) + INTERVAL 1 MONTH)::DATE)
        END AS paid_to,
        coalesce(ended, paid_to) AS until
    FROM known
),
-- What is paid for at once: a month, or the years between renewals.
term AS (
    SELECT
        *,
        CASE WHEN is_prepaid THEN years_on(renewal, n) ELSE (month + to_months(n))::DATE END AS term_start,
        CASE WHEN is_prepaid THEN years_on(renewal, n + 1) ELSE (month + to_months(n + 1))::DATE END AS term_end
    FROM (
        SELECT
            *,
            date_trunc('month', since)::DATE AS month,
            unnest(CASE
                WHEN is_prepaid THEN range(
                    date_diff('year', renewal, since) - 1, date_diff('year', renewal, until) + 1)
                ELSE range(0, date_diff('month', since, until) + 1)
            END) AS n
        FROM paid
        WHERE since < until AND nanos IS NOT NULL AND NOT coalesce(is_twice, false)
    )
),
held AS (
    SELECT
        *,
        greatest(since, term_start) AS starts,
        least(until, term_end) AS ends,
        CASE
            WHEN is_prepaid THEN date_diff('day', term_start, term_end)
            ELSE month_days(term_start) * CASE period WHEN 'year' THEN 12 ELSE 1 END
        END AS term_days
    FROM term
    WHERE greatest(since, term_start) < least(until, term_end)
),
used AS (
    SELECT
        *,
        greatest(starts, piece) AS from_day,
        least(ends, (piece + INTERVAL 1 MONTH)::DATE) AS to_day
    FROM (
        SELECT *, (date_trunc('month', starts) + to_months(k))::DATE AS piece
        FROM (SELECT *, unnest(range(0, date_diff('month', starts, ends) + 1)) AS k FROM held WHERE is_prepaid)
    )
    WHERE greatest(starts, piece) < least(ends, (piece + INTERVAL 1 MONTH)::DATE)
),
bill AS (
    SELECT
        _line, vendor, plan, holder, since, currency, period, is_blind, renewal, starts, ends,
        nanos_text(part_of(nanos, date_diff('day', starts, ends), term_days)) AS billed,
        CASE WHEN is_prepaid THEN '0' ELSE billed END AS effective,
        CASE WHEN is_prepaid THEN 'prepaid' ELSE 'month' END AS what
    FROM held
    UNION ALL
    SELECT
        _line, vendor, plan, holder, since, currency, period, false, renewal, from_day, to_day,
        '0',
        nanos_text(part_of(nanos, date_diff('day', starts, to_day), term_days)
            - part_of(nanos, date_diff('day', starts, from_day), term_days)),
        'used'
    FROM used
    UNION ALL
    SELECT
        _line, vendor, plan, holder, since, currency, period, false, renewal, since, since + INTERVAL 1 DAY,
        CASE
            WHEN coalesce(is_twice, false) THEN written || ' for a seat held twice at a time'
            WHEN nanos IS NULL THEN written || ' as a price'
            WHEN since IS NULL THEN NULL
            ELSE written || ' for a seat that ends before it begins'
        END AS billed,
        billed,
        'wrong'
    FROM paid
    WHERE coalesce(is_twice, false) OR nanos IS NULL OR since IS NULL OR since > until
)
SELECT
    _line AS line,
    vendor AS invoice_issuer_name,
    coalesce(nullif(trim(config->>'billing_account_id'), ''), 'seats') AS billing_account_id,
    currency AS billing_currency,
    strftime(date_trunc('month', starts), '%Y-%m-%d') AS billing_period_start,
    strftime(date_trunc('month', starts) + INTERVAL 1 MONTH, '%Y-%m-%d') AS billing_period_end,
    strftime(starts, '%Y-%m-%d') AS charge_period_start,
    strftime(ends, '%Y-%m-%d') AS charge_period_end,
    billed AS billed_cost,
    effective AS effective_cost,
    'Purchase' AS charge_category,
    concat_ws(' ', vendor, nullif(plan, ''), 'seat') AS charge_description,
    'Recurring' AS charge_frequency,
    '1' AS consumed_quantity,
    'seats' AS consumed_unit,
    vendor AS provider_name,
    'AI and Machine Learning' AS service_category,
    nullif(plan, '') AS service_name,
    'seats' AS sku_meter,
    what AS sku_price_id,
    'seats' AS meter,
    concat_ws('/', vendor, plan, holder, strftime(since, '%Y-%m-%d')) AS resource_id,
    holder AS actor,
    json_object('period', period, 'is_blind', is_blind)::VARCHAR AS extras
FROM bill CROSS JOIN source_facts
