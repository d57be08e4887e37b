-- The pieces of which most would change its payer, and how much.
SELECT c.day, c.vendor, c.api_key, c.project, c.model, round(m.size / 2)::bigint, m.now_teams, m.then_teams, c.rule_id, c.then_id,
       c.charged_on, c.charge_id
FROM (
    SELECT place, sum(abs(now - then_)) AS size, array_agg(team_id ORDER BY now DESC) FILTER (WHERE now <> 0) AS now_teams,
           array_agg(team_id ORDER BY then_ DESC) FILTER (WHERE then_ <> 0) AS then_teams
    FROM preview_moved GROUP BY place ORDER BY size DESC, place LIMIT %(examples)s
) m
CROSS JOIN LATERAL (SELECT * FROM preview_cell c WHERE c.place = m.place AND c.is_open ORDER BY id LIMIT 1) c
ORDER BY m.size DESC, m.place
