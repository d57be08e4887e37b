-- The usage rows of every touched scope and day, with the bill they explain and how fine their
-- evidence is: 4 names the work or the session, 3 the repository, 2 the person, 1 whose money it is
-- without a person (a team, shared, excluded), 0 less.
CREATE TEMP TABLE scoped_usage ON COMMIT DROP AS
SELECT u.occurred_on, u.id, u.occurred_at, u.grain, l.scope_key, l.scope_source_id,
       s.source_id AS log_source_id, i.document,
       CASE WHEN u.sub_account_id <> '' THEN u.sub_account_id
            WHEN position('/' IN u.billing_scope) > 0 THEN substr(u.billing_scope, position('/' IN u.billing_scope) + 1)
            ELSE '' END AS sub_account_id,
       u.provider, lower(u.actor) AS actor, u.api_key, u.project, u.repo, u.branch, u.session, u.pr, u.ticket,
       u.conversation, u.deal, u.team, lower(u.model) AS model, u.service_tier, u.is_shared, u.is_excluded, u.meter,
       u.quantity, u.requests, u.input_tokens, u.cached_input_tokens, u.cache_write_tokens, u.output_tokens,
       u.input_list_cost, u.cached_input_list_cost, u.cache_write_list_cost, u.output_list_cost, u.list_cost,
       u.list_currency, coalesce(u.tags ->> 'paid_by', '') = 'seat' AS is_paid_by_seat,
       coalesce(u.input_tokens, 0) + coalesce(u.cached_input_tokens, 0) + coalesce(u.cache_write_tokens, 0)
           + coalesce(u.output_tokens, 0) AS tokens,
       CASE WHEN u.pr <> '' OR u.ticket <> '' OR u.conversation <> '' OR u.deal <> '' OR u.session <> '' THEN 4
            WHEN u.repo <> '' THEN 3 WHEN u.actor <> '' THEN 2
            WHEN u.team <> '' OR u.is_shared OR u.is_excluded THEN 1 ELSE 0 END AS fineness
FROM (SELECT DISTINCT scope_key, day FROM touched_scope_day) t
JOIN ledger_usage u ON u.occurred_on = t.day
JOIN ledger_slice s ON s.id = u.slice_id AND s.superseded_at IS NULL
JOIN ledger_import i ON i.id = s.import_id
JOIN log_scope l ON l.scope_key = t.scope_key AND l.source_id = s.source_id
                AND l.billing_scope = u.billing_scope AND l.provider = u.provider;

-- Logs of one scope are never added. Per day, model and meter the log with the finest evidence counts
-- in full; the next one fills only what it saw beyond the others. What logs say per sub account
-- is compared there; then they stand together beside the logs that name no sub account.
CREATE TEMP TABLE log_measure ON COMMIT DROP AS
SELECT *, CASE WHEN bool_and(tokens > 0) OVER w THEN tokens
               WHEN bool_and(quantity > 0) OVER w THEN quantity
               WHEN bool_and(listed > 0) OVER w THEN listed ELSE rows END AS measure
FROM (
    SELECT u.scope_key, u.occurred_on, u.model, u.meter, u.sub_account_id, u.log_source_id, s.key AS source_key, u.document,
           sum(u.tokens) AS tokens, coalesce(sum(u.quantity), 0) AS quantity, coalesce(sum(u.list_cost), 0) AS listed, sum(coalesce(u.requests, 1)) AS rows,
           sum(u.fineness * greatest(u.tokens, 1)) / sum(greatest(u.tokens, 1)) AS fineness
    FROM scoped_usage u JOIN ledger_source s ON s.id = u.log_source_id
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
) m
WINDOW w AS (PARTITION BY scope_key, occurred_on, model, meter);

CREATE TEMP TABLE account_log ON COMMIT DROP AS
SELECT *, residual(measure, max(measure) OVER (
           PARTITION BY scope_key, occurred_on, model, meter, sub_account_id
           ORDER BY fineness DESC, measure DESC, source_key, document
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS factor
FROM log_measure WHERE sub_account_id <> '';

CREATE TEMP TABLE model_log ON COMMIT DROP AS
SELECT *, residual(measure, max(measure) OVER (
           PARTITION BY scope_key, occurred_on, model, meter
           ORDER BY fineness DESC, measure DESC, source_key, document
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS factor
FROM (
    SELECT scope_key, occurred_on, model, meter, log_source_id, source_key, document, measure, fineness
    FROM log_measure WHERE sub_account_id = ''
    UNION ALL
    SELECT scope_key, occurred_on, model, meter, NULL, '', '', sum(measure), max(fineness)
    FROM (
        SELECT scope_key, occurred_on, model, meter, max(measure) AS measure, max(fineness) AS fineness
        FROM account_log GROUP BY scope_key, occurred_on, model, meter, sub_account_id
    ) a
    GROUP BY scope_key, occurred_on, model, meter
) m;

CREATE TEMP TABLE log_factor ON COMMIT DROP AS
SELECT scope_key, occurred_on, model, meter, '' AS sub_account_id, log_source_id, document, factor
FROM model_log WHERE log_source_id IS NOT NULL
UNION ALL
SELECT a.scope_key, a.occurred_on, a.model, a.meter, a.sub_account_id, a.log_source_id, a.document, round(a.factor * m.factor, 18)
FROM account_log a
JOIN model_log m ON m.scope_key = a.scope_key AND m.occurred_on = a.occurred_on AND m.model = a.model AND m.meter = a.meter
                 AND m.log_source_id IS NULL;
ANALYZE log_factor;

CREATE TEMP TABLE evidence ON COMMIT DROP AS
SELECT u.*, f.factor,
       md5(concat_ws('|', u.occurred_at, u.actor, u.api_key, u.project, u.repo, u.branch, u.session, u.pr, u.ticket,
                     u.conversation, u.deal, u.team, u.model, u.service_tier, u.sub_account_id, nullif(u.meter, ''))) AS natural_key
FROM scoped_usage u
JOIN log_factor f USING (scope_key, occurred_on, sub_account_id, model, meter, log_source_id, document)
WHERE f.factor > 0;
CREATE INDEX ON evidence (scope_source_id, occurred_on, model);
ANALYZE evidence;
