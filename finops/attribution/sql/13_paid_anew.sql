-- Pieces of money whose payer is asked for again, their amounts as they are. The parts that a rule
-- made of a piece are one piece again. What is split anew (step 40) is not among them.
CREATE TEMP TABLE anew ON COMMIT DROP AS
SELECT DISTINCT c.charged_on, c.charge_id, c.occurred_on, c.usage_id, c.scope_key
FROM renamed_cell r JOIN attribution_cell c ON c.id = r.id;
DELETE FROM anew a USING touched_charge t WHERE t.id = a.charge_id AND t.charged_on = a.charged_on;
DELETE FROM anew a USING touched_scope t WHERE t.scope_key = a.scope_key AND a.charge_id IS NULL;
ANALYZE anew;

INSERT INTO anew_cell
SELECT c.id
FROM anew a JOIN attribution_cell c ON c.charge_id = a.charge_id AND c.charged_on = a.charged_on
 AND c.usage_id IS NOT DISTINCT FROM a.usage_id AND c.occurred_on IS NOT DISTINCT FROM a.occurred_on
UNION
SELECT c.id
FROM anew a JOIN attribution_cell c ON c.usage_id = a.usage_id AND c.occurred_on = a.occurred_on AND c.charge_id IS NULL
WHERE a.charge_id IS NULL;
ANALYZE anew_cell;

CREATE TEMP TABLE anew_piece ON COMMIT DROP AS
SELECT DISTINCT ON (c.charged_on, c.charge_id, c.occurred_on, c.usage_id)
       c.at, c.charged_on, c.charge_id, c.occurred_on, c.usage_id, c.source_id, c.scope_key, c.vendor, c.provider,
       c.sub_account_id, c.actor, c.api_key, c.project, c.repo, c.branch, c.session, c.pr, c.ticket, c.conversation, c.deal,
       c.team_tag, c.model, c.meter, c.service_tier,
       coalesce(charge.is_shared, false) OR coalesce(used.is_shared, false) AS is_shared, c.is_excluded,
       coalesce(charge.charge_category <> 'Usage' OR charge.ai_class IN ('training', 'infrastructure'), false) AS is_not_usage, c.is_provisional, c.is_unpriced, c.currency,
       (sum(c.billed_nanos) OVER piece)::bigint AS billed_nanos, (sum(c.effective_nanos) OVER piece)::bigint AS effective_nanos
FROM anew_cell a
JOIN attribution_cell c ON c.id = a.id
LEFT JOIN ledger_charge charge ON charge.charged_on = c.charged_on AND charge.id = c.charge_id
LEFT JOIN ledger_usage used ON used.occurred_on = c.occurred_on AND used.id = c.usage_id
WINDOW piece AS (PARTITION BY c.charged_on, c.charge_id, c.occurred_on, c.usage_id);
