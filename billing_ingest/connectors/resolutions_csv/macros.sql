-- Vendors that bill outcomes: what they call themselves, and what an outcome is reached on there.

CREATE OR REPLACE MACRO resolution_vendor(x) AS CASE
    WHEN regexp_matches(lower(x), '\bintercom\b|\bfin\b') THEN 'intercom'
    WHEN regexp_matches(lower(x), '\bhubspot\b') THEN 'hubspot'
    WHEN regexp_matches(lower(x), '\bzendesk\b') THEN 'zendesk'
    WHEN regexp_matches(lower(x), '\bsalesforce\b|\bagentforce\b') THEN 'salesforce'
    WHEN regexp_matches(lower(x), '\bservice ?now\b') THEN 'servicenow'
END;

CREATE OR REPLACE MACRO resolution_type(said, vendor) AS coalesce(nullif(lower(trim(said)), ''), CASE vendor
    WHEN 'intercom' THEN 'conversation' WHEN 'hubspot' THEN 'conversation'
    WHEN 'salesforce' THEN 'conversation' WHEN 'zendesk' THEN 'ticket' WHEN 'servicenow' THEN 'ticket'
END);

CREATE OR REPLACE MACRO resolution_service(vendor, said) AS CASE vendor
    WHEN 'intercom' THEN 'Fin' WHEN 'hubspot' THEN 'HubSpot customer agent'
    WHEN 'zendesk' THEN 'Zendesk AI agents' WHEN 'salesforce' THEN 'Agentforce'
    WHEN 'servicenow' THEN 'Now Assist' ELSE said END;
