-- Prices of seats, shared out over days and months in whole nanos.

CREATE MACRO price_nanos(x) AS CASE
    WHEN regexp_full_match(trim(x), '[0-9]{1,9}(\.[0-9]{0,9})?')
        THEN (trim(x)::DECIMAL(27, 9) * 1000000000::DECIMAL(11, 0))::HUGEINT
END;

-- The part of a price, halves up.
CREATE MACRO part_of(nanos, share, whole) AS (nanos * share * 2 + whole) // (whole * 2);

CREATE MACRO nanos_text(nanos) AS (nanos::DECIMAL(38, 0) * 0.000000001::DECIMAL(9, 9))::VARCHAR;

CREATE MACRO month_days(month) AS date_diff('day', month, (month + INTERVAL 1 MONTH)::DATE);

CREATE MACRO years_on(day, years) AS (day + to_years(years::INTEGER))::DATE;
