-- A company's year of facts. Parameters: usage (rows), teams, people. h(i, salt) is a fixed hash.
CREATE OR REPLACE FUNCTION h(i bigint, salt int) RETURNS bigint IMMUTABLE LANGUAGE sql AS
$$ SELECT abs(hashint8extended(i, salt)) $$;

INSERT INTO people_organisation (id, name, reporting_currency, fiscal_year_start_month, time_zone,
                                 person_level, tied_percent_min)
VALUES (1, 'Acme', 'USD', 1, 'UTC', false, 60) ON CONFLICT (id) DO NOTHING;

INSERT INTO people_team (id, slug, name, cost_center, color)
SELECT i, 'team-' || i, 'Team ' || i, '', 1 + i %% 7 FROM generate_series(1, %(teams)s) i;

INSERT INTO people_person (id, email, name)
SELECT i, 'p' || i || '@acme.example', 'Person ' || i FROM generate_series(1, %(people)s) i;

INSERT INTO people_membership (person_id, team_id) SELECT i, 1 + i %% %(teams)s FROM generate_series(1, %(people)s) i;

INSERT INTO people_identity (namespace, external_id, person_id, is_shared)
SELECT 'email', email, id, false FROM people_person;

INSERT INTO ledger_source (id, key, name, connector, config, is_scheduled, contract_discount, created_at)
VALUES (1, 'anthropic', 'Anthropic', 'bench', '{}', false, 0, now()),
       (2, 'openai', 'OpenAI', 'bench', '{}', false, 0, now());

INSERT INTO ledger_import (id, source_id, state, filename, sha256, size_bytes, document, scope, mapping_version, rows,
                           totals, out_of_scope, warnings, errors, preview, progress_rows, created_at, finished_at)
SELECT id, id, 'loaded', key || '.json', repeat('0', 64), 0, 'bench', 'all', 1, 0, '{}', '{}', '[]', '[]', '{}', 0, now(), now()
FROM ledger_source;

SELECT ledger_partition('ledger_charge', m::date), ledger_partition('ledger_usage', m::date)
FROM generate_series(date '2025-11-01', date '2026-10-01', interval '1 month') m;

INSERT INTO ledger_billingscope (invoice_issuer_name, billing_account_id, billing_period_start, billing_period_end, feed_id)
SELECT s.name, 'a' || s.id, m::date, (m + interval '1 month')::date, s.id
FROM ledger_source s, generate_series(date '2025-11-01', date '2026-10-01', interval '1 month') m;

INSERT INTO ledger_slice (source_id, import_id, "table", key, billing_scope_id, first_day, last_day, rows, totals, content_hash)
SELECT s.id, s.id, 'charge', 'bench:' || d::date, b.id, d::date, d::date, 0, '{}'::jsonb, ''
FROM ledger_source s
CROSS JOIN generate_series(date '2025-11-01', date '2026-10-31', interval '1 day') d
JOIN ledger_billingscope b ON b.feed_id = s.id AND b.billing_period_start = date_trunc('month', d)::date
UNION ALL
SELECT s.id, s.id, 'usage', 'bench:' || d::date, NULL, d::date, d::date, 0, '{}'::jsonb, ''
FROM ledger_source s CROSS JOIN generate_series(date '2025-11-01', date '2026-10-31', interval '1 day') d;

-- Anthropic's bill names meters, OpenAI's does not.
INSERT INTO ledger_charge (charged_on, slice_id, line, invoice_issuer_name, billing_account_id, billing_currency,
    billing_period_start, billing_period_end, charge_period_start, charge_period_end, billed_cost, effective_cost,
    billed_nanos, effective_nanos, charge_category, provider_name, provider, sub_account_id, model, meter, service_name)
SELECT s.first_day, s.id, row_number() OVER (PARTITION BY s.id), b.invoice_issuer_name, b.billing_account_id, 'USD',
       b.billing_period_start, b.billing_period_end, s.first_day, s.first_day + 1, c.cents / 100.0, c.cents / 100.0,
       c.cents * 10000000, c.cents * 10000000, 'Usage', b.invoice_issuer_name, lower(b.invoice_issuer_name), 'ws-' || w,
       'model-' || m, meter, 'Model API'
FROM ledger_slice s
JOIN ledger_billingscope b ON b.id = s.billing_scope_id
CROSS JOIN generate_series(1, 5) w
CROSS JOIN generate_series(1, 4) m
CROSS JOIN LATERAL unnest(CASE WHEN s.source_id = 1 THEN ARRAY['input', 'output'] ELSE ARRAY[''] END) meter
CROSS JOIN LATERAL (SELECT h(s.id * 1000 + w * 10 + m, length(meter)) %% 90000 + 1 AS cents) c;

-- Four pull requests per person and month, one ticket per tenth person.
INSERT INTO outcomes_workitem (id, kind, key, external_id, title, url, state, created_at, first_completed_at, completed_at,
    repo, number, branch, base_branch, team_id, labels, is_bot_authored, value_currency, version_at)
SELECT (p * 12 + m) * 5 + j, CASE j WHEN 4 THEN 'ticket' ELSE 'pull_request' END,
       CASE j WHEN 4 THEN 'sup-' || p * 100 + m ELSE 'github.com/acme/app-' || p %% 200 || '#' || p * 100 + m * 4 + j END,
       CASE j WHEN 4 THEN 'SUP-' || p * 100 + m ELSE 'acme/app-' || p %% 200 || '#' || p * 100 + m * 4 + j END,
       'Work ' || m || '.' || j, '', CASE WHEN h(p * 60 + m * 5 + j, 1) %% 20 = 0 THEN 'abandoned' ELSE 'done' END,
       done - interval '9 days', done, CASE WHEN h(p * 60 + m * 5 + j, 1) %% 20 > 0 THEN done END,
       CASE WHEN j < 4 THEN 'acme/app-' || p %% 200 ELSE '' END, CASE WHEN j < 4 THEN p * 100 + m * 4 + j END,
       CASE WHEN j < 4 THEN 'feature/' || p || '-' || m || '-' || j ELSE '' END, '', NULL, '[]', false, '', done
FROM generate_series(1, %(people)s) p
CROSS JOIN generate_series(0, 11) m
CROSS JOIN generate_series(0, 4) j
CROSS JOIN LATERAL (
    SELECT timestamptz '2025-11-01 09:00Z' + make_interval(months => m, days => (h(p * 60 + m * 5 + j, 2) %% 28)::int) AS done
) d
WHERE j < 4 OR p %% 10 = 0;

INSERT INTO outcomes_workitemkey (item_id, key_type, value, weight)
SELECT id, CASE kind WHEN 'ticket' THEN 'ticket' ELSE 'pr' END, lower(external_id), 1 FROM outcomes_workitem;

INSERT INTO outcomes_workitemperson (item_id, actor, role, weight)
SELECT id, 'p' || id / 60 || '@acme.example', 'author', 1 FROM outcomes_workitem;

-- Four of ten calls name a pull request, one in twenty a ticket, three in ten a branch.
INSERT INTO ledger_usage (occurred_on, slice_id, line, occurred_at, grain, provider, sub_account_id, actor, api_key, project,
    repo, branch, session, pr, ticket, model, requests, input_tokens, output_tokens, input_list_cost, output_list_cost,
    list_cost)
SELECT u.day, s.id, u.i, u.day + make_interval(hours => 8 + (h(u.i, 3) %% 10)::int), 'hour', lower(src.name),
       'ws-' || 1 + u.p %% 5, 'p' || u.p || '@acme.example', 'key-' || u.p %% 300, 'project-' || u.p %% 60,
       'acme/app-' || u.p %% 200,
       CASE WHEN u.kind BETWEEN 45 AND 74 THEN 'feature/' || u.p || '-' || u.m || '-' || u.j ELSE '' END,
       's' || h(u.p * 1000 + u.day_index, 4),
       CASE WHEN u.kind < 40 THEN 'acme/app-' || u.p %% 200 || '#' || u.p * 100 + u.m * 4 + u.j ELSE '' END,
       CASE WHEN u.kind BETWEEN 40 AND 44 AND u.p %% 10 = 0 THEN 'sup-' || u.p * 100 + u.m ELSE '' END,
       'model-' || 1 + h(u.i, 5) %% 4, 1 + h(u.i, 6) %% 9, h(u.i, 7) %% 90000, h(u.i, 8) %% 9000,
       h(u.i, 7) %% 90000 * 0.000003, h(u.i, 8) %% 9000 * 0.000015,
       h(u.i, 7) %% 90000 * 0.000003 + h(u.i, 8) %% 9000 * 0.000015
FROM (
    SELECT i, 1 + h(i, 1) %% %(people)s AS p, h(i, 2) %% 100 AS kind, h(i, 9) %% 4 AS j, d.day_index, d.day,
           ((extract(year FROM d.day) - 2025) * 12 + extract(month FROM d.day) - 11)::int AS m
    FROM generate_series(0, %(usage)s - 1) i
    CROSS JOIN LATERAL (SELECT i * 365 / %(usage)s AS day_index, date '2025-11-01' + (i * 365 / %(usage)s)::int AS day) d
) u
JOIN ledger_source src ON src.id = 1 + u.p %% 2
JOIN ledger_slice s ON s.source_id = src.id AND s."table" = 'usage' AND s.first_day = u.day;

-- What the slices and imports say about themselves.
UPDATE ledger_slice s SET rows = c.rows, totals = jsonb_build_object('USD', c.billed::text)
FROM (SELECT slice_id, count(*) AS rows, sum(billed_cost) AS billed FROM ledger_charge GROUP BY slice_id) c
WHERE c.slice_id = s.id;
UPDATE ledger_slice s SET rows = u.rows FROM (SELECT slice_id, count(*) AS rows FROM ledger_usage GROUP BY slice_id) u
WHERE u.slice_id = s.id;
UPDATE ledger_import i SET totals = jsonb_build_object('USD', s.billed::text), rows = s.rows
FROM (SELECT import_id, sum((totals->>'USD')::numeric) AS billed, sum(rows) AS rows FROM ledger_slice GROUP BY 1) s
WHERE s.import_id = i.id;
