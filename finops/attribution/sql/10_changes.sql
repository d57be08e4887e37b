-- Incremental settle: from what changed to the charges, logs, items, cells and days it touches.
CREATE TEMP TABLE dirty_slice ON COMMIT DROP AS
SELECT s.id, s."table", s.source_id
FROM claimed d JOIN ledger_slice s ON s.id = d.ref::bigint
WHERE d.what = 'slice';

-- (a) charges that came or went
INSERT INTO touched_charge
SELECT c.charged_on, c.id FROM ledger_charge c JOIN dirty_slice d ON d.id = c.slice_id;

INSERT INTO touched_scope SELECT DISTINCT 'source:' || source_id FROM dirty_slice WHERE "table" = 'charge';

-- (b) charges whose logs came or went
CREATE TEMP TABLE dirty_log ON COMMIT DROP AS
SELECT d.source_id, u.billing_scope, u.provider, u.occurred_on
FROM ledger_usage u JOIN dirty_slice d ON d.id = u.slice_id
GROUP BY 1, 2, 3, 4;
INSERT INTO log_name SELECT DISTINCT source_id, billing_scope, provider FROM dirty_log;

CREATE TEMP TABLE dirty_log_day ON COMMIT DROP AS
SELECT DISTINCT l.scope_key, l.scope_source_id, d.occurred_on AS day
FROM dirty_log d JOIN log_scope l USING (source_id, billing_scope, provider);
INSERT INTO touched_scope SELECT DISTINCT scope_key FROM dirty_log_day;

INSERT INTO touched_charge
SELECT c.charged_on, c.id
FROM dirty_log_day d
JOIN booked_slice b ON b.source_id = d.scope_source_id
JOIN ledger_charge c ON c.slice_id = b.id
 AND c.charge_period_start < d.day + 1 AND c.charge_period_end > d.day;

-- (c) cells whose payer may be another now, while their amounts stay: of names and people whose
-- owner or team changed, of tags that have come to mean a team or no longer do, and of rules
CREATE TEMP TABLE renamed_cell ON COMMIT DROP AS
SELECT c.id
FROM attribution_cell c
WHERE EXISTS (SELECT FROM claimed_name)
  AND (lower(c.actor) IN (SELECT name FROM claimed_name) OR lower(c.api_key) IN (SELECT name FROM claimed_name)
       OR lower(c.project) IN (SELECT name FROM claimed_name)
       OR lower(c.sub_account_id) IN (SELECT name FROM claimed_name))
UNION
SELECT c.id FROM attribution_cell c WHERE c.person_id IN (SELECT ref::bigint FROM claimed WHERE what = 'person')
UNION
SELECT c.id
FROM attribution_cell c
WHERE c.team_tag <> '' AND (c.paid_by = 'tag') <> EXISTS (
    SELECT FROM people_team t WHERE t.slug = lower(c.team_tag) OR lower(t.name) = lower(c.team_tag)
)
UNION
SELECT c.id FROM attribution_cell c WHERE c.currency IN (SELECT ref FROM claimed WHERE what = 'rates')
UNION
SELECT id FROM moved_by_rules;

-- the logs that these charges, and money still provisional, are split by
INSERT INTO touched_scope_day
SELECT DISTINCT 'source:' || s.source_id, day::date
FROM (SELECT DISTINCT charged_on, id FROM touched_charge) t
JOIN ledger_charge c ON c.charged_on = t.charged_on AND c.id = t.id
JOIN ledger_slice s ON s.id = c.slice_id
CROSS JOIN LATERAL generate_series(c.charge_period_start::date, (c.charge_period_end - interval '1 us')::date,
                                   interval '1 day') AS day
WHERE c.charge_category = 'Usage';

INSERT INTO touched_scope_day SELECT DISTINCT scope_key, day FROM dirty_log_day;

INSERT INTO touched_scope_day
SELECT DISTINCT t.scope_key, d.day
FROM touched_scope t
LEFT JOIN billed_source b ON t.scope_key = 'source:' || b.source_id
CROSS JOIN LATERAL (
    SELECT DISTINCT u.occurred_on AS day FROM ledger_usage u
    WHERE b.billed_until IS NULL OR u.occurred_on >= b.billed_until::date
) d;

INSERT INTO log_name
SELECT DISTINCT s.source_id, u.billing_scope, u.provider
FROM ledger_usage u JOIN ledger_slice s ON s.id = u.slice_id AND s.superseded_at IS NULL
WHERE u.occurred_on IN (SELECT day FROM touched_scope_day);
