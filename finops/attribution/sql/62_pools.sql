-- Pools follow what the month has: a team's pool needs an item of the team finished in the month
-- of the cell; else the money reached no outcome.
INSERT INTO touched_month SELECT DISTINCT date_trunc('month', day)::date FROM touched_place;

CREATE TEMP TABLE pool_month ON COMMIT DROP AS
SELECT DISTINCT t.team_id, date_trunc('month', w.completed_at)::date AS month
FROM attribution_itemteam t JOIN outcomes_workitem w ON w.id = t.item_id
WHERE w.state = 'done' AND t.team_id IS NOT NULL AND t.credit_ppm > 0
  AND date_trunc('month', w.completed_at)::date IN (SELECT month FROM touched_month);

WITH pool AS (
    SELECT m.month, t.id AS team_id, p.team_id IS NOT NULL AS has_items
    FROM (SELECT DISTINCT month FROM touched_month) m
    CROSS JOIN people_team t
    LEFT JOIN pool_month p ON p.team_id = t.id AND p.month = m.month
), moved AS (
    UPDATE attribution_allocation a
    SET tier = CASE WHEN p.has_items THEN 'C' ELSE 'E' END,
        reason = CASE WHEN p.has_items THEN '' ELSE 'no_outcome_in_period' END
    FROM pool p
    WHERE a.item_id IS NULL AND a.day >= p.month AND a.day < p.month + interval '1 month' AND a.team_id = p.team_id
      AND a.tier = CASE WHEN p.has_items THEN 'E' ELSE 'C' END
      AND a.reason = CASE WHEN p.has_items THEN 'no_outcome_in_period' ELSE '' END
    RETURNING a.day, a.team_id
)
INSERT INTO touched_place SELECT DISTINCT day, team_id FROM moved;
