-- What a proportional rule shares: each cell's money over the teams by the figures of its month,
-- by largest remainder. Where none of the rule's teams has any, the money is shared like the rest.
CREATE TEMP TABLE share_cell ON COMMIT DROP AS
SELECT c.id, c.day, date_trunc('month', c.day)::date AS month, c.rule_id, w.method, c.source_id, c.currency, c.billed_nanos,
       c.effective_nanos, c.reporting_billed_nanos, c.reporting_effective_nanos
FROM (SELECT rule_id, method FROM rule_way WHERE is_proportional) w
JOIN attribution_cell c ON c.rule_id = w.rule_id
WHERE NOT c.is_excluded AND date_trunc('month', c.day)::date IN (SELECT month FROM touched_month);
ANALYZE share_cell;

CREATE TEMP TABLE share_base (method text, month date, source_id bigint, team_id bigint, weight numeric) ON COMMIT DROP;
INSERT INTO share_base
SELECT 'direct', m.month, NULL, a.team_id, sum(a.reporting_billed_nanos)
FROM (SELECT DISTINCT month FROM share_cell WHERE method = 'direct') m
JOIN attribution_allocation a ON a.day >= m.month AND a.day < m.month + interval '1 month'
WHERE a.tier NOT IN ('D', 'E') AND a.team_id IS NOT NULL
GROUP BY m.month, a.team_id HAVING sum(a.reporting_billed_nanos) > 0;

-- Usage is counted in tokens, each usage row once; a row that several teams pay counts for each
-- in equal parts. A source without tokens of its own is shared by the tokens of all.
INSERT INTO share_base
SELECT 'usage', month, source_id, team_id, round(sum(tokens / teams), 6)
FROM (
    SELECT m.month, c.source_id, c.team_id, c.occurred_on, c.usage_id, count(*) OVER (PARTITION BY m.month, c.occurred_on, c.usage_id) AS teams,
           (coalesce(u.input_tokens, 0) + coalesce(u.cached_input_tokens, 0) + coalesce(u.cache_write_tokens, 0)
               + coalesce(u.output_tokens, 0))::numeric AS tokens
    FROM (SELECT DISTINCT month FROM share_cell WHERE method = 'usage') m
    CROSS JOIN LATERAL (
        SELECT DISTINCT source_id, team_id, occurred_on, usage_id FROM attribution_cell
        WHERE day >= m.month AND day < m.month + interval '1 month' AND usage_id IS NOT NULL AND team_id IS NOT NULL
    ) c
    JOIN ledger_usage u ON u.occurred_on = c.occurred_on AND u.id = c.usage_id
) t
GROUP BY month, source_id, team_id HAVING sum(tokens) > 0;

CREATE TEMP TABLE share_weight ON COMMIT DROP AS
WITH kept AS (
    SELECT s.rule_id, b.*
    FROM (SELECT DISTINCT rule_id, method, month FROM share_cell) s
    JOIN share_base b ON b.method = s.method AND b.month = s.month
    WHERE NOT EXISTS (SELECT FROM rule_limit l WHERE l.rule_id = s.rule_id)
       OR b.team_id IN (SELECT l.team_id FROM rule_limit l WHERE l.rule_id = s.rule_id)
)
SELECT rule_id, month, source_id, team_id, sum(weight) AS weight FROM kept WHERE source_id IS NOT NULL GROUP BY 1, 2, 3, 4
UNION ALL
SELECT rule_id, month, NULL, team_id, sum(weight) FROM kept GROUP BY 1, 2, 4;
ANALYZE share_weight;

CREATE TEMP TABLE share_piece ON COMMIT DROP AS
WITH weighed AS (
    SELECT s.*, w.team_id, t.slug, w.weight, sum(w.weight) OVER (PARTITION BY s.id) AS total
    FROM share_cell s
    JOIN share_weight w ON w.rule_id = s.rule_id AND w.month = s.month
     AND w.source_id IS NOT DISTINCT FROM (
        SELECT o.source_id FROM share_weight o
        WHERE o.rule_id = s.rule_id AND o.month = s.month AND o.source_id = s.source_id AND s.method = 'usage' LIMIT 1)
    JOIN people_team t ON t.id = w.team_id
), amount AS (
    SELECT w.id, w.day, w.currency, w.team_id, a.name, a.nanos,
           div(abs(a.nanos) * w.weight, w.total) AS part, w.weight, w.slug, mod(abs(a.nanos) * w.weight, w.total) AS rest
    FROM weighed w
    CROSS JOIN LATERAL (VALUES ('b', w.billed_nanos), ('e', w.effective_nanos), ('rb', w.reporting_billed_nanos),
                               ('re', w.reporting_effective_nanos)) a (name, nanos)
), rounded AS (
    SELECT id, day, currency, team_id, name,
           (sign(nanos) * (part + (row_number() OVER (PARTITION BY id, name ORDER BY rest DESC, weight DESC, slug COLLATE "C")
               <= abs(nanos) - sum(part) OVER (PARTITION BY id, name))::int))::bigint AS nanos
    FROM amount
)
SELECT id, day, currency, team_id, max(nanos) FILTER (WHERE name = 'b') AS billed_nanos,
       max(nanos) FILTER (WHERE name = 'e') AS effective_nanos, max(nanos) FILTER (WHERE name = 'rb') AS reporting_billed_nanos,
       max(nanos) FILTER (WHERE name = 're') AS reporting_effective_nanos
FROM rounded GROUP BY id, day, currency, team_id;

INSERT INTO share_piece
SELECT s.id, s.day, s.currency, NULL, s.billed_nanos, s.effective_nanos, s.reporting_billed_nanos, s.reporting_effective_nanos
FROM share_cell s WHERE NOT EXISTS (SELECT FROM share_piece p WHERE p.id = s.id);
DELETE FROM share_piece WHERE billed_nanos = 0 AND effective_nanos = 0;

-- Only the cells whose parts changed are written anew.
CREATE TEMP TABLE reshared ON COMMIT DROP AS
WITH before AS (
    SELECT a.cell_id AS id, a.team_id, a.billed_nanos, a.effective_nanos, a.reporting_billed_nanos, a.reporting_effective_nanos
    FROM share_cell s JOIN attribution_allocation a ON a.cell_id = s.id
), after AS (
    SELECT id, team_id, billed_nanos, effective_nanos, reporting_billed_nanos, reporting_effective_nanos FROM share_piece
)
SELECT DISTINCT id FROM ((TABLE before EXCEPT TABLE after) UNION (TABLE after EXCEPT TABLE before)) d;
INSERT INTO touched_place
SELECT DISTINCT a.day, coalesce(a.team_id, 0) FROM attribution_allocation a JOIN reshared r ON r.id = a.cell_id
UNION SELECT DISTINCT p.day, coalesce(p.team_id, 0) FROM share_piece p JOIN reshared r ON r.id = p.id;
DELETE FROM attribution_allocation a USING reshared r WHERE a.cell_id = r.id;
INSERT INTO attribution_allocation (cell_id, day, tier, reason, item_id, team_id, currency, billed_nanos, effective_nanos,
                                    reporting_billed_nanos, reporting_effective_nanos)
SELECT p.id, p.day, 'D', '', NULL, p.team_id, p.currency, p.billed_nanos, p.effective_nanos, p.reporting_billed_nanos,
       p.reporting_effective_nanos
FROM share_piece p JOIN reshared r ON r.id = p.id;
