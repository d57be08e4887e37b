-- Names on work items that never had an owner, with how much work they are on.
DELETE FROM attribution_actorseen;
INSERT INTO attribution_actorseen (name, items, first_on, last_on)
SELECT lower(p.actor), count(DISTINCT p.item_id), min(w.ended), max(w.ended)
FROM outcomes_workitemperson p
JOIN (SELECT id, coalesce(completed_at, closed_at, version_at)::date AS ended FROM outcomes_workitem) w ON w.id = p.item_id
WHERE p.role IN ('author', 'co_author', 'committer', 'assignee', 'owner') AND p.actor <> ''
  AND NOT EXISTS (SELECT FROM owner o WHERE o.name = lower(p.actor))
GROUP BY lower(p.actor);
