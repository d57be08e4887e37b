-- Where each cell's money goes. One match takes all of it; several share it by largest remainder,
-- each amount with the same weights; none: the team's pool, the shared pool, or nowhere.
INSERT INTO attribution_allocation (cell_id, day, tier, reason, item_id, team_id, currency, billed_nanos, effective_nanos,
                                    reporting_billed_nanos, reporting_effective_nanos)
SELECT d.id, d.day, m.tier, '', m.item_id, d.team_id, d.currency, d.billed_nanos, d.effective_nanos,
       d.reporting_billed_nanos, d.reporting_effective_nanos
FROM (SELECT cell_id, min(item_id) AS item_id, min(tier) AS tier FROM match GROUP BY cell_id HAVING count(*) = 1) m
JOIN due d ON d.id = m.cell_id;

INSERT INTO attribution_allocation (cell_id, day, tier, reason, item_id, team_id, currency, billed_nanos, effective_nanos,
                                    reporting_billed_nanos, reporting_effective_nanos)
SELECT id, day, tier, '', item_id, team_id, currency,
       (sign(billed_nanos) * (div(abs(billed_nanos) * weight, total)
           + (row_number() OVER billed <= abs(billed_nanos) - sum(div(abs(billed_nanos) * weight, total)) OVER cell)::int))::bigint,
       (sign(effective_nanos) * (div(abs(effective_nanos) * weight, total)
           + (row_number() OVER effective <= abs(effective_nanos) - sum(div(abs(effective_nanos) * weight, total)) OVER cell)::int))::bigint,
       (sign(reporting_billed_nanos) * (div(abs(reporting_billed_nanos) * weight, total)
           + (row_number() OVER reporting_billed <= abs(reporting_billed_nanos) - sum(div(abs(reporting_billed_nanos) * weight, total)) OVER cell)::int))::bigint,
       (sign(reporting_effective_nanos) * (div(abs(reporting_effective_nanos) * weight, total)
           + (row_number() OVER reporting_effective <= abs(reporting_effective_nanos) - sum(div(abs(reporting_effective_nanos) * weight, total)) OVER cell)::int))::bigint
FROM (
    SELECT d.id, d.day, m.tier, m.item_id, d.team_id, d.currency, d.billed_nanos, d.effective_nanos, d.reporting_billed_nanos,
           d.reporting_effective_nanos, m.weight::numeric AS weight, w.kind, w.key,
           sum(m.weight) OVER (PARTITION BY m.cell_id) AS total, count(*) OVER (PARTITION BY m.cell_id) AS items
    FROM match m JOIN due d ON d.id = m.cell_id JOIN outcomes_workitem w ON w.id = m.item_id
) s
WHERE items > 1
WINDOW cell AS (PARTITION BY id),
       billed AS (PARTITION BY id ORDER BY mod(abs(billed_nanos) * weight, total) DESC, weight DESC, kind COLLATE "C", key COLLATE "C"),
       effective AS (PARTITION BY id ORDER BY mod(abs(effective_nanos) * weight, total) DESC, weight DESC, kind COLLATE "C", key COLLATE "C"),
       reporting_billed AS (PARTITION BY id ORDER BY mod(abs(reporting_billed_nanos) * weight, total) DESC, weight DESC, kind COLLATE "C", key COLLATE "C"),
       reporting_effective AS (PARTITION BY id ORDER BY mod(abs(reporting_effective_nanos) * weight, total) DESC, weight DESC, kind COLLATE "C", key COLLATE "C");

-- C, D, E. A repository nobody connected is the reason when the record names one.
INSERT INTO attribution_allocation (cell_id, day, tier, reason, item_id, team_id, currency, billed_nanos, effective_nanos,
                                    reporting_billed_nanos, reporting_effective_nanos)
SELECT d.id, d.day,
       CASE WHEN d.is_excluded THEN 'E' WHEN d.is_shared THEN 'D' WHEN d.team_id IS NOT NULL THEN 'C' ELSE 'E' END,
       CASE WHEN d.is_excluded THEN 'excluded' WHEN d.is_shared OR d.team_id IS NOT NULL THEN ''
            WHEN d.person_id IS NOT NULL THEN 'no_outcome_in_period'
            WHEN d.repo <> '' AND d.repo NOT IN (SELECT repo FROM outcomes_workitem) THEN 'unmapped_repo'
            ELSE 'no_identity' END,
       NULL, CASE WHEN d.is_excluded OR NOT d.is_shared OR d.rule_id IS NOT NULL THEN d.team_id END, d.currency, d.billed_nanos,
       d.effective_nanos, d.reporting_billed_nanos, d.reporting_effective_nanos
FROM due d
WHERE NOT EXISTS (SELECT FROM match m WHERE m.cell_id = d.id);
INSERT INTO touched_item SELECT DISTINCT item_id FROM match;
INSERT INTO touched_place SELECT DISTINCT day, coalesce(team_id, 0) FROM due UNION SELECT DISTINCT day, 0 FROM due;
