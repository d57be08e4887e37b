-- One day of one vendor comes again: its charges a little dearer, its log the same but new.
CREATE TEMP TABLE old_slice ON COMMIT DROP AS
SELECT * FROM ledger_slice WHERE source_id = 1 AND first_day = date '2026-05-12' AND superseded_at IS NULL;

UPDATE ledger_slice s SET superseded_at = now() FROM old_slice o WHERE o.id = s.id;

CREATE TEMP TABLE new_slice ON COMMIT DROP AS SELECT nextval('ledger_slice_id_seq') AS id, o.id AS old_id FROM old_slice o;

INSERT INTO ledger_import (source_id, state, filename, sha256, size_bytes, document, scope, mapping_version, rows, totals,
                           out_of_scope, warnings, errors, preview, progress_rows, created_at, finished_at)
SELECT source_id, state, 'restated.json', sha256, size_bytes, document, scope, mapping_version, rows, '{}', '{}', '[]', '[]',
       '{}', 0, now(), now()
FROM ledger_import WHERE id = 1;

INSERT INTO ledger_slice (id, source_id, import_id, "table", key, billing_scope_id, first_day, last_day, rows, totals, content_hash)
SELECT n.id, source_id, (SELECT max(id) FROM ledger_import), "table", key, billing_scope_id, first_day, last_day, rows, totals, content_hash
FROM old_slice o JOIN new_slice n ON n.old_id = o.id;

INSERT INTO ledger_charge (charged_on, slice_id, line, invoice_issuer_name, billing_account_id, billing_currency,
    billing_period_start, billing_period_end, charge_period_start, charge_period_end, billed_cost, effective_cost,
    billed_nanos, effective_nanos, charge_category, provider_name, provider, sub_account_id, model, meter, service_name)
SELECT charged_on, n.id, line, invoice_issuer_name, billing_account_id, billing_currency, billing_period_start,
       billing_period_end, charge_period_start, charge_period_end, billed_cost + 1, effective_cost + 1,
       billed_nanos + 1000000000, effective_nanos + 1000000000, charge_category, provider_name, provider, sub_account_id,
       model, meter, service_name
FROM ledger_charge c JOIN new_slice n ON n.old_id = c.slice_id;

INSERT INTO ledger_usage (occurred_on, slice_id, line, occurred_at, grain, provider, sub_account_id, actor, api_key, project,
    repo, branch, session, pr, ticket, model, requests, input_tokens, output_tokens, input_list_cost, output_list_cost,
    list_cost)
SELECT occurred_on, n.id, line, occurred_at, grain, provider, sub_account_id, actor, api_key, project, repo, branch, session,
       pr, ticket, model, requests, input_tokens, output_tokens, input_list_cost, output_list_cost, list_cost
FROM ledger_usage u JOIN new_slice n ON n.old_id = u.slice_id;

UPDATE ledger_slice s SET totals = jsonb_build_object('USD', c.billed::text)
FROM (SELECT slice_id, sum(billed_cost) AS billed FROM ledger_charge WHERE slice_id IN (SELECT id FROM new_slice) GROUP BY 1) c
WHERE c.slice_id = s.id;

-- The import says what its own slices hold, as a load says it.
UPDATE ledger_import i SET totals = s.totals, rows = (SELECT sum(n.rows) FROM ledger_slice n WHERE n.import_id = i.id)
FROM ledger_slice s
WHERE i.id = (SELECT max(id) FROM ledger_import) AND s.import_id = i.id AND s."table" = 'charge';

INSERT INTO attribution_dirty (what, ref)
SELECT 'slice', id::text FROM new_slice UNION ALL SELECT 'slice', old_id::text FROM new_slice;
