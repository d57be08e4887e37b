-- What a changed set of rules would do to the cells of some whole months. preview_cell holds every
-- cell with the rule it would follow (then_id); the pieces of one charge and usage row, which rules
-- split, have one place. Open: another rule than now, or one that looks at the month's figures.
CREATE INDEX ON preview_cell (place) WHERE is_open;
ANALYZE preview_cell;

CREATE TEMP TABLE preview_group ON COMMIT DROP AS
SELECT c.place, c.month, c.then_id, min(c.source_id) AS source_id, min(c.own_team_id) AS own_team_id, min(c.occurred_on) AS occurred_on,
       min(c.usage_id) AS usage_id, bool_or(c.is_excluded) AS is_excluded, bool_or(c.is_shared) AS is_shared,
       round(sum(c.own_nanos) * min(c.fx_rate)) AS nanos, sum(c.own_nanos) AS own_nanos, min(c.fx_rate) AS fx_rate
FROM preview_cell c
WHERE c.is_open
GROUP BY c.place, c.month, c.then_id;
CREATE INDEX ON preview_group (place);
ANALYZE preview_group;

-- Who pays now: the cell's team, or the teams that a proportional rule shared it over.
CREATE TEMP TABLE preview_now ON COMMIT DROP AS
SELECT place, team_id, coalesce(sum(nanos), 0) AS nanos
FROM (
    SELECT place, team_id, nanos FROM preview_cell WHERE is_open AND NOT is_shared_out
    UNION ALL
    SELECT c.place, a.team_id, a.reporting_billed_nanos
    FROM preview_cell c JOIN attribution_allocation a ON a.cell_id = c.id
    WHERE c.is_open AND c.is_shared_out
) n
GROUP BY place, team_id;

-- Who would pay: nobody but the own team without a rule, else the rule's teams by largest remainder.
CREATE TEMP TABLE preview_then ON COMMIT DROP AS
SELECT g.place, g.own_team_id AS team_id, coalesce(g.nanos, 0) AS nanos FROM preview_group g WHERE g.then_id IS NULL
UNION ALL
SELECT g.place, NULL, coalesce(g.nanos, 0)
FROM preview_group g JOIN preview_way w ON w.rule_id = g.then_id WHERE w.is_proportional AND g.is_excluded
UNION ALL
SELECT place, team_id,
       coalesce(round(sign(own_nanos) * (part + (row_number() OVER best <= abs(own_nanos) - sum(part) OVER (PARTITION BY place))::int)
                      * fx_rate), 0)
FROM (
    SELECT g.place, g.own_nanos, g.fx_rate, t.team_id, t.slug, t.weight, div(abs(g.own_nanos) * t.weight, t.total) AS part,
           mod(abs(g.own_nanos) * t.weight, t.total) AS rest
    FROM preview_group g
    JOIN (SELECT *, sum(weight) OVER (PARTITION BY rule_id, own_team_id) AS total FROM preview_part) t
      ON t.rule_id = g.then_id AND (t.own_team_id IS NULL OR t.own_team_id = g.own_team_id)
) p
WINDOW best AS (PARTITION BY place ORDER BY rest DESC, weight DESC, slug COLLATE "C");
ANALYZE preview_then;
