-- Two coarser sums of the daily spend, so that a page reads few rows: per team and day, and per
-- month with vendors and models. What has no rate stays apart from what has one.
DELETE FROM attribution_teamday d USING stale_day s WHERE d.day = s.day AND coalesce(d.team_id, 0) = ANY (s.teams);
INSERT INTO attribution_teamday (day, team_id, vendor, tier, reason, kind, fate, is_provisional, currency, billed_nanos,
    effective_nanos, reporting_billed_nanos, reporting_effective_nanos)
SELECT d.day, d.team_id, CASE WHEN d.tier = 'D' OR d.reason = 'no_base' THEN d.vendor ELSE '' END, d.tier, d.reason, d.kind,
       d.fate, d.is_provisional, d.currency, sum(d.billed_nanos), sum(d.effective_nanos), sum(d.reporting_billed_nanos),
       sum(d.reporting_effective_nanos)
FROM attribution_spendday d JOIN stale_day s ON s.day = d.day AND coalesce(d.team_id, 0) = ANY (s.teams)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, d.reporting_billed_nanos IS NULL;

UPDATE attribution_teamday a
SET tier = CASE WHEN has_base THEN 'D' ELSE 'E' END, reason = CASE WHEN has_base THEN '' ELSE 'no_base' END,
    fate = CASE WHEN has_base THEN 'overhead' ELSE 'unattributed' END
FROM overhead_flip m
WHERE a.day >= m.month AND a.day < m.month + interval '1 month'
  AND ((a.tier = 'D' AND a.team_id IS NULL AND NOT has_base) OR (a.tier = 'E' AND a.reason = 'no_base' AND has_base));

-- Nobody's money may have become shared, or no longer, on other days of the month (step 75).
CREATE TEMP TABLE stale_month ON COMMIT DROP AS
SELECT DISTINCT date_trunc('month', day)::date AS month, unnest(teams || 0::bigint) AS team FROM stale_day;
ANALYZE stale_month;

DELETE FROM attribution_spendmonth d USING stale_month s WHERE d.month = s.month AND coalesce(d.team_id, 0) = s.team;
INSERT INTO attribution_spendmonth (month, team_id, source_id, vendor, model, tier, reason, kind, fate, is_provisional,
    currency, billed_nanos, effective_nanos, reporting_billed_nanos, reporting_effective_nanos)
SELECT s.month, d.team_id, d.source_id, d.vendor, d.model, d.tier, d.reason, d.kind, d.fate, d.is_provisional, d.currency,
       sum(d.billed_nanos), sum(d.effective_nanos), sum(d.reporting_billed_nanos), sum(d.reporting_effective_nanos)
FROM stale_month s
JOIN attribution_spendday d ON date_trunc('month', d.day)::date = s.month AND coalesce(d.team_id, 0) = s.team
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, d.reporting_billed_nanos IS NULL;
