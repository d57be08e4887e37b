-- The weights that proportional rules would have: the figures of the month as they would be.
CREATE TEMP TABLE preview_base (method text, month date, source_id bigint, team_id bigint, weight numeric) ON COMMIT DROP;

INSERT INTO preview_base
SELECT 'direct', month, NULL, team_id, sum(nanos)
FROM (
    SELECT month, team_id, reporting_billed_nanos AS nanos
    FROM attribution_spendmonth
    WHERE month >= %(start)s AND month < %(end)s AND tier IN ('A', 'B', 'C')
    UNION ALL
    SELECT c.month, a.team_id, -a.reporting_billed_nanos
    FROM preview_cell c JOIN attribution_allocation a ON a.cell_id = c.id
    WHERE c.is_open AND left(a.tier, 1) IN ('A', 'B', 'C')
    UNION ALL
    SELECT g.month, t.team_id, t.nanos
    FROM preview_then t
    JOIN preview_group g ON g.place = t.place
    LEFT JOIN preview_way w ON w.rule_id = g.then_id
    WHERE NOT g.is_excluded
      AND (g.place IN (SELECT d.place FROM preview_cell d JOIN attribution_allocation a ON a.cell_id = d.id
                       WHERE d.is_open AND left(a.tier, 1) IN ('A', 'B')) OR ((NOT g.is_shared OR coalesce(w.is_to_one, false)) AND EXISTS (
          SELECT FROM attribution_itemteam i JOIN outcomes_workitem o ON o.id = i.item_id
          WHERE i.team_id = t.team_id AND i.credit_ppm > 0 AND o.state = 'done'
            AND o.completed_at >= g.month AND o.completed_at < g.month + interval '1 month')))
) b
WHERE team_id IS NOT NULL
GROUP BY month, team_id HAVING sum(nanos) > 0;

INSERT INTO preview_base
SELECT 'usage', month, source_id, team_id, round(sum(tokens / teams), 6)
FROM (
    SELECT p.month, p.source_id, p.team_id, count(*) OVER (PARTITION BY p.month, p.occurred_on, p.usage_id) AS teams,
           (coalesce(u.input_tokens, 0) + coalesce(u.cached_input_tokens, 0) + coalesce(u.cache_write_tokens, 0)
               + coalesce(u.output_tokens, 0))::numeric AS tokens
    FROM (
        SELECT month, source_id, team_id, occurred_on, usage_id FROM preview_cell
        WHERE NOT is_open AND usage_id IS NOT NULL AND team_id IS NOT NULL
        UNION
        SELECT g.month, g.source_id, t.team_id, g.occurred_on, g.usage_id
        FROM preview_then t JOIN preview_group g ON g.place = t.place
        WHERE g.usage_id IS NOT NULL AND t.team_id IS NOT NULL
    ) p
    JOIN ledger_usage u ON u.occurred_on = p.occurred_on AND u.id = p.usage_id
    WHERE %(by_usage)s
) t
GROUP BY month, source_id, team_id HAVING sum(tokens) > 0;

INSERT INTO preview_weight
WITH kept AS (
    SELECT w.rule_id, b.*
    FROM preview_way w
    JOIN preview_base b ON b.method = w.method
    WHERE w.is_proportional
      AND (w.teams IS NULL OR b.team_id = ANY (w.teams))
)
SELECT rule_id, month, source_id, team_id, sum(weight) FROM kept WHERE source_id IS NOT NULL GROUP BY 1, 2, 3, 4
UNION ALL
SELECT rule_id, month, NULL, team_id, sum(weight) FROM kept GROUP BY 1, 2, 4;
ANALYZE preview_weight;

INSERT INTO preview_then
WITH due AS (
    SELECT g.place, g.month, g.nanos, g.then_id,
           (SELECT o.source_id FROM preview_weight o
            WHERE w.method = 'usage' AND o.rule_id = g.then_id AND o.month = g.month AND o.source_id = g.source_id LIMIT 1) AS of_source
    FROM preview_group g JOIN preview_way w ON w.rule_id = g.then_id
    WHERE w.is_proportional AND NOT g.is_excluded AND g.nanos IS NOT NULL
), part AS (
    SELECT d.place, d.nanos, w.team_id, t.slug, w.weight, div(abs(d.nanos) * w.weight, sum(w.weight) OVER cell) AS part,
           mod(abs(d.nanos) * w.weight, sum(w.weight) OVER cell) AS rest
    FROM due d
    JOIN preview_weight w ON w.rule_id = d.then_id AND w.month = d.month AND w.source_id IS NOT DISTINCT FROM d.of_source
    JOIN people_team t ON t.id = w.team_id
    WINDOW cell AS (PARTITION BY d.place)
)
SELECT place, team_id,
       sign(nanos) * (part + (row_number() OVER (PARTITION BY place ORDER BY rest DESC, weight DESC, slug COLLATE "C")
           <= abs(nanos) - sum(part) OVER (PARTITION BY place))::int)
FROM part
UNION ALL
SELECT d.place, NULL, d.nanos FROM due d WHERE NOT EXISTS (
    SELECT FROM preview_weight w WHERE w.rule_id = d.then_id AND w.month = d.month AND w.source_id IS NOT DISTINCT FROM d.of_source);
