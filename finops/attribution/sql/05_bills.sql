-- Which slices book money, how far each bill reaches, and which bill a log explains.
CREATE TEMP TABLE booked_slice ON COMMIT DROP AS
SELECT s.id, s.source_id, s.last_day
FROM ledger_slice s
JOIN ledger_billingscope b ON b.id = s.billing_scope_id
WHERE s."table" = 'charge' AND s.superseded_at IS NULL AND (b.feed_id, b.feed_document) = (s.source_id, s.document);
ANALYZE booked_slice;

-- The newest slices of a source tell which providers it bills, and until when.
CREATE TEMP TABLE bill ON COMMIT DROP AS
SELECT s.source_id, c.provider, min(coalesce(nullif(c.provider_name, ''), c.invoice_issuer_name)) AS vendor,
       coalesce(max(c.charge_period_end) FILTER (WHERE c.charge_category = 'Usage'),
                max(c.charge_period_end)) AS billed_until
FROM (
    SELECT id, source_id, last_day, max(last_day) OVER (PARTITION BY source_id) AS newest FROM booked_slice
) s
JOIN ledger_charge c ON c.slice_id = s.id
WHERE s.last_day > s.newest - 62
GROUP BY s.source_id, c.provider;

CREATE TEMP TABLE billed_source ON COMMIT DROP AS
SELECT source_id, max(billed_until) AS billed_until FROM bill GROUP BY source_id;

-- A log explains the bill it names; else its own source's; else the only bill of its provider.
-- Without any bill, all logs of a provider are one scope, so that they are never added.
CREATE TEMP TABLE log_name (source_id bigint, billing_scope text, provider text) ON COMMIT DROP;

CREATE TEMP VIEW log_scope AS
SELECT l.source_id, l.billing_scope, l.provider,
       coalesce(named.source_id, own.source_id, lone.source_id) AS scope_source_id,
       coalesce('source:' || coalesce(named.source_id, own.source_id, lone.source_id),
                'provider:' || l.provider) AS scope_key
FROM (SELECT DISTINCT source_id, billing_scope, provider FROM log_name) l
LEFT JOIN (SELECT b.source_id, s.key FROM billed_source b JOIN ledger_source s ON s.id = b.source_id) named
       ON named.key = split_part(l.billing_scope, '/', 1)
LEFT JOIN billed_source own ON own.source_id = l.source_id AND l.billing_scope = ''
LEFT JOIN (
    SELECT provider, min(source_id) AS source_id FROM bill WHERE provider <> '' GROUP BY provider HAVING count(*) = 1
) lone ON lone.provider = l.provider AND l.billing_scope = '' AND own.source_id IS NULL;
