-- Full settle: drop what is derived; touch every booked charge, every log and every item.
-- (DELETE, not TRUNCATE: pages go on reading the old figures until the new ones are complete.)
DELETE FROM attribution_allocation;
DELETE FROM attribution_cell;
DELETE FROM attribution_itemday;
DELETE FROM attribution_spendday;
DELETE FROM attribution_teamday;
DELETE FROM attribution_spendmonth;
DELETE FROM attribution_usageday;
DELETE FROM attribution_nameday;
DELETE FROM attribution_logday;
DELETE FROM attribution_billday;
DELETE FROM attribution_billmonth;
DELETE FROM attribution_meterday;
DELETE FROM attribution_metermonth;
DELETE FROM attribution_itemteam;
DELETE FROM attribution_itemfate;
DELETE FROM attribution_outcomecost;
DELETE FROM attribution_outcomeday;
DELETE FROM attribution_billseen;

INSERT INTO attribution_billseen (source_id, provider) SELECT source_id, provider FROM bill;

INSERT INTO touched_charge
SELECT c.charged_on, c.id FROM ledger_charge c JOIN booked_slice b ON b.id = c.slice_id;

INSERT INTO log_name
SELECT DISTINCT s.source_id, u.billing_scope, u.provider
FROM ledger_usage u JOIN ledger_slice s ON s.id = u.slice_id
WHERE s.superseded_at IS NULL;

INSERT INTO touched_scope SELECT DISTINCT scope_key FROM log_scope;

INSERT INTO touched_scope_day
SELECT DISTINCT l.scope_key, u.occurred_on AS day
FROM ledger_usage u
JOIN ledger_slice s ON s.id = u.slice_id AND s.superseded_at IS NULL
JOIN log_scope l ON l.source_id = s.source_id AND l.billing_scope = u.billing_scope AND l.provider = u.provider;

INSERT INTO touched_item SELECT id FROM outcomes_workitem;
