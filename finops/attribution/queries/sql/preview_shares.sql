-- What each team weighs for a proportional rule over the months, the largest first.
SELECT rule_id, team_id, sum(weight), sum(sum(weight)) OVER (PARTITION BY rule_id)
FROM preview_weight WHERE source_id IS NULL
GROUP BY rule_id, team_id ORDER BY rule_id, 3 DESC, team_id
