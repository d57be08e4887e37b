-- Cursor's events: cents as fractions, kinds in words.

-- Fractional cents in dollars, exactly. What is no amount keeps its words and is refused.
CREATE OR REPLACE MACRO cents_in_dollars(x) AS CASE
    WHEN x IS NULL OR x = '' THEN NULL
    WHEN amount_problem(x) IS NULL AND decimals_of(x) <= 22
        THEN (x::DECIMAL(38, 22) * 0.01::DECIMAL(3, 2))::VARCHAR
    ELSE x || ' cents'
END;

-- Kinds: Usage-based, On-Demand, Included in Business, Free, "Errored, Not Charged", and the same
-- as USAGE_EVENT_KIND_USAGE_BASED.
CREATE OR REPLACE MACRO cursor_kind(x) AS regexp_replace(lower(trim(x)), '^usage_event_kind_', '');

-- Whether an event is invoiced: what the plan includes is priced too, and not invoiced.
CREATE OR REPLACE MACRO cursor_is_invoiced(kind, is_chargeable) AS CASE
    WHEN regexp_matches(cursor_kind(kind), 'includ|free|not.charged|errored|aborted') THEN false
    WHEN lower(is_chargeable) IN ('true', 'false') THEN lower(is_chargeable) = 'true'
    ELSE coalesce(regexp_matches(cursor_kind(kind), 'usage.?based|on.?demand'), false)
END;

CREATE OR REPLACE MACRO cursor_is_failed(kind) AS coalesce(regexp_matches(cursor_kind(kind), 'errored|aborted'), false);

CREATE OR REPLACE MACRO cursor_time(epoch_ms) AS coalesce(
    strftime(make_timestamp_ms(try_cast(epoch_ms AS BIGINT)), '%Y-%m-%dT%H:%M:%S.%gZ'), epoch_ms);

CREATE OR REPLACE MACRO cursor_account(config, source_key) AS coalesce(nullif(trim(config->>'team_id'), ''), source_key);

-- The export's cost in dollars; words stand where there is none. Other words are refused.
CREATE OR REPLACE MACRO cursor_cost(x) AS CASE
    WHEN x IS NULL OR lower(trim(x)) IN ('', '-', 'nan', 'included', 'free') THEN NULL
    ELSE plain_amount(trim(x), 'USD')
END;
