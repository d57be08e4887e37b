-- Times and days in a file: what may stand there, and what it means in UTC.

-- A time in UTC. The cast that knows zones is slow, so it is kept for values with an offset.
CREATE MACRO utc(x) AS CASE
    WHEN strlen(x) = 10 OR (strlen(x) = 19 AND substr(x, 17, 1) = ':') OR ends_with(x, 'Z')
        THEN try_cast(x AS TIMESTAMP)
    ELSE timezone('UTC', try_cast(x AS TIMESTAMPTZ))
END;

CREATE MACRO timestamp_problem(x) AS CASE
    WHEN x IS NULL OR x = '' THEN NULL
    WHEN regexp_full_match(x, '[0-9]{1,2}[/.][0-9]{1,2}[/.]([0-9]{2}|[0-9]{4})') THEN 'ambiguous_date'
    WHEN NOT regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)? ?(Z|[-+][0-9]{2}(:?[0-9]{2})?)?)?') THEN 'bad_date'
    WHEN utc(x) IS NULL THEN 'bad_date'
    WHEN x < '2000' OR x >= '2100' THEN 'date_out_of_range'
END;

CREATE MACRO timestamp_is_bad(x) AS CASE
    WHEN x IS NULL THEN false
    WHEN strlen(x) BETWEEN 19 AND 20 AND x LIKE '20__-__-___%' THEN utc(x) IS NULL
    ELSE timestamp_problem(x) IS NOT NULL
END;

CREATE MACRO day_problem(x) AS CASE
    WHEN strlen(x) > 10 THEN 'bad_date' ELSE timestamp_problem(x)
END;

-- 1 for a time without a zone, 2 for one with a zone; null for a mere day.
CREATE MACRO zone_of(x) AS CASE
    WHEN x IS NULL OR strlen(x) <= 10 THEN NULL
    WHEN ends_with(x, 'Z') THEN 2
    WHEN strlen(x) = 19 THEN 1
    WHEN regexp_matches(x, '[-+][0-9]{2}(:?[0-9]{2})?$') THEN 2
    ELSE 1
END;

-- 4/1/25 in ISO form once the order of day and month is known (see dates.py); else unchanged.
CREATE MACRO iso_date(x) AS CASE
    WHEN x IS NULL OR NOT contains(x, '/') OR getvariable('date_order') IS NULL THEN x
    ELSE coalesce(strftime(try_strptime(x, CASE getvariable('date_order')
        WHEN 'mdy' THEN ['%-m/%-d/%y', '%-m/%-d/%Y'] ELSE ['%-d/%-m/%y', '%-d/%-m/%Y'] END), '%Y-%m-%d'), x)
END;
