-- Whose each outside name is, dated. A name may be written with or without its namespace; without
-- one it counts only when it means the same owner in every namespace.
CREATE TEMP TABLE owner ON COMMIT DROP AS
SELECT lower(namespace || ':' || external_id) AS name, person_id, team_id, is_shared, valid_from, valid_to, id
FROM people_identity
UNION ALL
SELECT lower(i.external_id), i.person_id, i.team_id, i.is_shared, i.valid_from, i.valid_to, i.id
FROM people_identity i
JOIN (
    SELECT lower(external_id) AS name FROM people_identity
    GROUP BY 1 HAVING count(DISTINCT namespace) = 1 OR count(DISTINCT (person_id, team_id)) = 1
) clear ON clear.name = lower(i.external_id);
CREATE INDEX ON owner (name);
ANALYZE owner;

-- Who took part in an item (reviewing and merging is not taking part), by the owner of the name
-- on the day the item ended, or else now.
CREATE TEMP TABLE item_actor ON COMMIT DROP AS
SELECT p.item_id, p.actor, p.role, p.weight, o.person_id
FROM outcomes_workitemperson p
JOIN outcomes_workitem w ON w.id = p.item_id
LEFT JOIN LATERAL (
    SELECT o.person_id FROM owner o
    WHERE o.name = lower(p.actor)
      AND (o.valid_from IS NULL OR o.valid_from <= coalesce(w.completed_at, w.closed_at, w.version_at)::date)
      AND (o.valid_to IS NULL OR o.valid_to > coalesce(w.completed_at, w.closed_at, w.version_at)::date)
    ORDER BY o.valid_from DESC NULLS LAST, o.id DESC LIMIT 1
) o ON true
WHERE p.role IN ('author', 'co_author', 'committer', 'assignee', 'owner');
CREATE INDEX ON item_actor (item_id);
ANALYZE item_actor;

CREATE TEMP TABLE participant ON COMMIT DROP AS
SELECT DISTINCT item_id, person_id FROM item_actor WHERE person_id IS NOT NULL;
CREATE INDEX ON participant (person_id);
CREATE INDEX ON participant (item_id);
ANALYZE participant;

-- When a participant's spend counts for an item: [max(start - 1 d, end - 21 d), end + 2 d);
-- an open item's window has no end.
CREATE TEMP TABLE item_window ON COMMIT DROP AS
SELECT id AS item_id, repo, ended,
       CASE WHEN ended IS NULL THEN started - interval '1 day'
            ELSE greatest(coalesce(started, ended - interval '21 days') - interval '1 day', ended - interval '21 days')
       END AS opens,
       coalesce(ended + interval '2 days', 'infinity') AS closes
FROM (
    SELECT id, repo, coalesce(started_at, created_at) AS started,
           CASE state WHEN 'done' THEN completed_at WHEN 'abandoned' THEN closed_at END AS ended
    FROM outcomes_workitem
) w
WHERE coalesce(started, ended) IS NOT NULL;
CREATE INDEX ON item_window (item_id);
ANALYZE item_window;
