-- GitHub spells one thing in several ways: Copilot AI Credits, copilot_ai_credit, "ai-credits".

CREATE OR REPLACE MACRO copilot_sku(x) AS regexp_replace(
    regexp_replace(lower(trim(x)), '[\s_-]+', '_', 'g'), '(credit|request)s$', '\1');

CREATE OR REPLACE MACRO copilot_unit(x) AS CASE regexp_replace(lower(trim(x)), '[\s_-]+', '-', 'g')
    WHEN 'ai-credits' THEN 'credits' WHEN 'ai-credit' THEN 'credits' WHEN 'credit' THEN 'credits'
    WHEN 'request' THEN 'requests' ELSE regexp_replace(lower(trim(x)), '[\s_-]+', '-', 'g') END;

CREATE OR REPLACE MACRO copilot_service(product) AS CASE
    WHEN regexp_matches(lower(product), 'copilot|spark|coding[ _-]agent|models') THEN 'GitHub Copilot'
    ELSE 'GitHub ' || trim(product) END;

-- What of Copilot a line is for: its use, or the seats. Empty for GitHub's other products.
CREATE OR REPLACE MACRO copilot_meter(product, sku) AS CASE
    WHEN contains(copilot_sku(sku), 'ai_credit') THEN 'credits'
    WHEN contains(copilot_sku(sku), 'premium_request') THEN 'requests_premium'
    WHEN contains(lower(product), 'copilot') THEN 'seats'
    ELSE ''
END;

-- Reports of use say nothing of seats and of other products, so those are bills of their own: one
-- report may feed the use and another one the seats of a month, and nothing counts twice.
CREATE OR REPLACE MACRO copilot_account(config, enterprise, organization, source_key, meter) AS coalesce(
    nullif(lower(trim(config->>'enterprise')), ''), nullif(lower(trim(config->>'organization')), ''),
    nullif(enterprise, ''), nullif(organization, ''), source_key
) || CASE meter WHEN 'seats' THEN '/seats' WHEN '' THEN '/other' ELSE '' END;

CREATE OR REPLACE MACRO copilot_repo(organization, repository) AS CASE
    WHEN trim(repository) = '' THEN NULL
    WHEN contains(repository, '/') OR organization IS NULL THEN lower(trim(repository))
    ELSE organization || '/' || lower(trim(repository))
END;

-- The first line of a whole less what its users said; any other line as it is.
CREATE OR REPLACE MACRO rest_of(whole, known, is_first) AS CASE
    WHEN is_first AND known IS NOT NULL AND try_cast(whole AS DECIMAL(38, 24)) IS NOT NULL
        THEN (try_cast(whole AS DECIMAL(38, 24)) - known)::VARCHAR
    ELSE whole
END;

CREATE OR REPLACE MACRO is_nothing(x) AS coalesce(try_cast(x AS DECIMAL(38, 24)) = 0, x IS NULL);

CREATE OR REPLACE MACRO copilot_plan(x) AS CASE lower(trim(x))
    WHEN 'business' THEN 'Copilot Business' WHEN 'enterprise' THEN 'Copilot Enterprise'
    ELSE 'Copilot' END;
