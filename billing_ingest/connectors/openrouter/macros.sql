-- What OpenRouter's credits paid for, and what went past it to the provider on a key of one's own.
CREATE OR REPLACE MACRO dollar_sum(x, y) AS CASE
    WHEN y IS NULL THEN x
    WHEN amount_problem(x) IS NULL AND amount_problem(y) IS NULL
        THEN rtrim(rtrim((x::DECIMAL(38, 24) + y::DECIMAL(38, 24))::VARCHAR, '0'), '.')
    ELSE x || ' and ' || y
END;

-- Charges from the table `t`: line, starts, ends, usage, listed, model, provider_name, api_key,
-- tokens of requests and extras.
CREATE OR REPLACE MACRO openrouter_charges(t) AS TABLE
SELECT
    line,
    'OpenRouter' AS invoice_issuer_name,
    coalesce(nullif(trim(config->>'organization_id'), ''), source_key) AS billing_account_id,
    'USD' AS billing_currency,
    strftime(date_trunc('month', try_cast(left(starts, 10) AS DATE)), '%Y-%m-%dT00:00:00Z') AS billing_period_start,
    strftime(date_trunc('month', try_cast(left(starts, 10) AS DATE)) + INTERVAL 1 MONTH, '%Y-%m-%dT00:00:00Z')
        AS billing_period_end,
    starts AS charge_period_start,
    coalesce(ends, starts) AS charge_period_end,
    coalesce(usage, '') AS billed_cost,
    billed_cost AS effective_cost,
    usage AS list_cost,
    'Usage' AS charge_category,
    concat_ws(', ', model, provider_name) AS charge_description,
    'Usage-Based' AS charge_frequency,
    'OpenRouter' AS provider_name,
    provider_name AS publisher_name,
    'AI and Machine Learning' AS service_category,
    'OpenRouter' AS service_name,
    'openrouter' AS provider,
    model,
    api_key,
    extras
FROM query_table(t) CROSS JOIN source_facts;
