-- Old cells go (with their allocations); the days they stood on are touched.
CREATE TEMP TABLE gone_cell ON COMMIT DROP AS
SELECT c.id, c.day FROM attribution_cell c JOIN touched_charge t ON c.charge_id = t.id AND c.charged_on = t.charged_on
UNION
SELECT c.id, c.day FROM attribution_cell c JOIN touched_scope t ON t.scope_key = c.scope_key WHERE c.is_provisional
UNION
SELECT c.id, c.day FROM attribution_cell c JOIN anew_cell a ON a.id = c.id;
INSERT INTO touched_place
SELECT DISTINCT a.day, coalesce(a.team_id, 0) FROM attribution_allocation a JOIN gone_cell g ON g.id = a.cell_id;
INSERT INTO touched_item
SELECT DISTINCT a.item_id FROM attribution_allocation a JOIN gone_cell g ON g.id = a.cell_id WHERE a.item_id IS NOT NULL;
DELETE FROM attribution_allocation a USING gone_cell g WHERE a.cell_id = g.id;
DELETE FROM attribution_cell c USING gone_cell g WHERE c.id = g.id;

-- New cells: pieces of charges, whole charges that no usage explains, and usage not billed yet.
CREATE TEMP TABLE new_cell ON COMMIT DROP AS
SELECT coalesce(e.occurred_at, c.charge_period_start) AS at, c.charged_on, c.id AS charge_id,
       e.occurred_on, e.id AS usage_id, c.source_id, 'source:' || c.source_id AS scope_key,
       coalesce(nullif(c.provider_name, ''), c.invoice_issuer_name) AS vendor,
       coalesce(nullif(c.provider, ''), e.provider, '') AS provider,
       coalesce(nullif(c.sub_account_id, ''), e.sub_account_id, '') AS sub_account_id,
       coalesce(nullif(e.actor, ''), lower(c.actor)) AS actor, coalesce(nullif(e.api_key, ''), c.api_key) AS api_key,
       coalesce(nullif(e.project, ''), c.project) AS project, coalesce(nullif(e.repo, ''), c.repo) AS repo,
       coalesce(nullif(e.branch, ''), c.branch) AS branch, coalesce(nullif(e.session, ''), c.session) AS session,
       coalesce(nullif(e.pr, ''), c.pr) AS pr, coalesce(nullif(e.ticket, ''), c.ticket) AS ticket,
       coalesce(nullif(e.conversation, ''), c.conversation) AS conversation,
       coalesce(nullif(e.deal, ''), c.deal) AS deal, coalesce(nullif(e.team, ''), c.team) AS team_tag,
       coalesce(nullif(e.model, ''), lower(c.model)) AS model, c.meter,
       coalesce(nullif(c.service_tier, ''), e.service_tier, '') AS service_tier,
       c.is_shared OR coalesce(e.is_shared, false) AS is_shared, c.is_excluded OR coalesce(e.is_excluded, false) AS is_excluded,
       c.charge_category <> 'Usage' OR c.ai_class IN ('training', 'infrastructure') AS is_not_usage,
       false AS is_provisional, coalesce(p.is_unpriced, false) AS is_unpriced, c.billing_currency AS currency,
       coalesce(p.billed_nanos, c.billed_nanos) AS billed_nanos,
       coalesce(p.effective_nanos, c.effective_nanos) AS effective_nanos
FROM charge_due c
LEFT JOIN piece p ON p.charged_on = c.charged_on AND p.charge_id = c.id
LEFT JOIN evidence e ON e.occurred_on = p.occurred_on AND e.id = p.usage_id
WHERE coalesce(p.billed_nanos, c.billed_nanos) <> 0 OR coalesce(p.effective_nanos, c.effective_nanos) <> 0;

INSERT INTO new_cell
SELECT e.occurred_at, NULL, NULL, e.occurred_on, e.id, coalesce(e.scope_source_id, e.log_source_id), e.scope_key,
       coalesce(known.vendor, initcap(e.provider)), e.provider, e.sub_account_id, e.actor, e.api_key, e.project, e.repo,
       e.branch, e.session, e.pr, e.ticket, e.conversation, e.deal, e.team, e.model, '', e.service_tier,
       e.is_shared, e.is_excluded, false, true, false, e.list_currency, priced.nanos, priced.nanos
FROM evidence e
JOIN (SELECT DISTINCT scope_key FROM touched_scope) t ON t.scope_key = e.scope_key
LEFT JOIN billed_source b ON b.source_id = e.scope_source_id
JOIN ledger_source s ON s.id = coalesce(e.scope_source_id, e.log_source_id)
CROSS JOIN LATERAL (
    SELECT round(e.list_cost * e.factor * (1 - s.contract_discount) * 1000000000)::bigint AS nanos
) priced
LEFT JOIN bill known ON known.source_id = e.scope_source_id AND known.provider = e.provider
WHERE (b.billed_until IS NULL OR e.occurred_at >= b.billed_until) AND priced.nanos <> 0
  AND NOT e.is_paid_by_seat;
ANALYZE new_cell;
