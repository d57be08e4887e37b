-- Sums over a year want more memory than a page does.
SET LOCAL work_mem = '64MB';

-- What this settle has to do again; every step adds to these and the later ones read them.
CREATE TEMP TABLE touched_charge (charged_on date, id bigint) ON COMMIT DROP;
CREATE TEMP TABLE touched_scope (scope_key text) ON COMMIT DROP;
CREATE TEMP TABLE touched_scope_day (scope_key text, day date) ON COMMIT DROP;
CREATE TEMP TABLE touched_item (id bigint) ON COMMIT DROP;
CREATE TEMP TABLE touched_cell (id bigint) ON COMMIT DROP;
CREATE TEMP TABLE anew_cell (id bigint) ON COMMIT DROP;  -- goes, and comes back with another payer
CREATE TEMP TABLE touched_place (day date, team bigint) ON COMMIT DROP;  -- team 0: nobody
CREATE TEMP TABLE touched_month (month date) ON COMMIT DROP;

-- The changes this settle answers for; what is stated later waits for the next one.
CREATE TEMP TABLE claimed ON COMMIT DROP AS
WITH taken AS (DELETE FROM attribution_dirty RETURNING what, ref)
SELECT DISTINCT what, ref FROM taken;

-- Answers of before are not asked for again; what this settle changes is noted under its own number.
DELETE FROM attribution_bookschange WHERE transaction <> pg_current_xact_id()::text::bigint;

CREATE TEMP TABLE claimed_name ON COMMIT DROP AS
SELECT lower(ref) AS name FROM claimed WHERE what = 'actor'
UNION
SELECT lower(substr(ref, position(':' IN ref) + 1)) FROM claimed WHERE what = 'actor';
