-- Shared money needs teams with direct or pooled cost in its month to be spread over.
CREATE TEMP TABLE base_month ON COMMIT DROP AS
SELECT m.month FROM (SELECT DISTINCT month FROM touched_month) m
WHERE EXISTS (
    SELECT FROM attribution_spendday d
    WHERE d.day >= m.month AND d.day < m.month + interval '1 month' AND d.tier IN ('A', 'B', 'C') AND d.team_id IS NOT NULL
    GROUP BY d.team_id HAVING sum(d.reporting_billed_nanos) > 0
);

CREATE TEMP TABLE overhead_flip ON COMMIT DROP AS
SELECT m.month, EXISTS (SELECT FROM base_month b WHERE b.month = m.month) AS has_base
FROM (SELECT DISTINCT month FROM touched_month) m;

UPDATE attribution_allocation a
SET tier = CASE WHEN has_base THEN 'D' ELSE 'E' END, reason = CASE WHEN has_base THEN '' ELSE 'no_base' END
FROM overhead_flip m
WHERE a.item_id IS NULL AND a.day >= m.month AND a.day < m.month + interval '1 month'
  AND ((a.tier = 'D' AND a.team_id IS NULL AND NOT has_base) OR (a.tier = 'E' AND a.reason = 'no_base' AND has_base));

UPDATE attribution_spendday a
SET tier = CASE WHEN has_base THEN 'D' ELSE 'E' END, reason = CASE WHEN has_base THEN '' ELSE 'no_base' END,
    fate = CASE WHEN has_base THEN 'overhead' ELSE 'unattributed' END
FROM overhead_flip m
WHERE a.day >= m.month AND a.day < m.month + interval '1 month'
  AND ((a.tier = 'D' AND a.team_id IS NULL AND NOT has_base) OR (a.tier = 'E' AND a.reason = 'no_base' AND has_base));
