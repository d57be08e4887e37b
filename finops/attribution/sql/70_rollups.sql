-- Days and payers of the items that met another fate.
INSERT INTO touched_place
SELECT DISTINCT d.day, coalesce(d.team_id, 0)
FROM attribution_itemfate f
JOIN item i ON i.id = f.item_id
LEFT JOIN fate_before b ON b.item_id = f.item_id
JOIN attribution_itemday d ON d.item_id = f.item_id
WHERE b.fate IS DISTINCT FROM f.fate;

CREATE TEMP TABLE stale_day ON COMMIT DROP AS
SELECT day, array_agg(DISTINCT team) AS teams FROM touched_place GROUP BY day;
ANALYZE stale_day;

INSERT INTO touched_month SELECT DISTINCT date_trunc('month', day)::date FROM stale_day;

-- Shared money is told from money without a base only when the month is complete (step 75).
UPDATE attribution_allocation a SET tier = 'D', reason = ''
FROM stale_day s WHERE a.day = s.day AND 0 = ANY (s.teams) AND a.item_id IS NULL AND a.tier = 'E' AND a.reason = 'no_base';

DELETE FROM attribution_itemday d USING stale_day s WHERE d.day = s.day AND coalesce(d.team_id, 0) = ANY (s.teams);
INSERT INTO attribution_itemday (day, item_id, team_id, source_id, vendor, model, meter, tier, is_provisional, currency,
    billed_nanos, effective_nanos, reporting_billed_nanos, reporting_effective_nanos)
SELECT a.day, a.item_id, a.team_id, c.source_id, c.vendor, c.model, c.meter, a.tier, c.is_provisional, a.currency,
       sum(a.billed_nanos), sum(a.effective_nanos), sum(a.reporting_billed_nanos), sum(a.reporting_effective_nanos)
FROM attribution_allocation a
JOIN stale_day s ON s.day = a.day AND coalesce(a.team_id, 0) = ANY (s.teams)
JOIN attribution_cell c ON c.id = a.cell_id
WHERE a.item_id IS NOT NULL
GROUP BY a.day, a.item_id, a.team_id, c.source_id, c.vendor, c.model, c.meter, a.tier, c.is_provisional, a.currency;

DELETE FROM attribution_spendday d USING stale_day s WHERE d.day = s.day AND coalesce(d.team_id, 0) = ANY (s.teams);
INSERT INTO attribution_spendday (day, team_id, source_id, vendor, provider, model, meter, service_tier, tier, reason, kind,
    fate, is_provisional, currency, cells, billed_nanos, effective_nanos, reporting_billed_nanos, reporting_effective_nanos)
SELECT a.day, a.team_id, c.source_id, c.vendor, c.provider, c.model, c.meter, c.service_tier, left(a.tier, 1), a.reason,
       coalesce(w.kind, ''),
       CASE left(a.tier, 1) WHEN 'C' THEN 'pooled' WHEN 'D' THEN 'overhead' WHEN 'E' THEN 'unattributed' ELSE f.fate END,
       c.is_provisional, a.currency, count(*), sum(a.billed_nanos), sum(a.effective_nanos),
       sum(a.reporting_billed_nanos), sum(a.reporting_effective_nanos)
FROM attribution_allocation a
JOIN stale_day s ON s.day = a.day AND coalesce(a.team_id, 0) = ANY (s.teams)
JOIN attribution_cell c ON c.id = a.cell_id
LEFT JOIN outcomes_workitem w ON w.id = a.item_id
LEFT JOIN attribution_itemfate f ON f.item_id = a.item_id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14;
