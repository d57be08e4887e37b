-- Who finished each touched item: the team the source names, else the people's teams on the day
-- it ended, in millionths by largest remainder.
CREATE TEMP TABLE item ON COMMIT DROP AS
SELECT w.*, coalesce(w.completed_at, w.closed_at, w.version_at)::date AS ended_on
FROM (SELECT DISTINCT id FROM touched_item) t JOIN outcomes_workitem w USING (id);
CREATE INDEX ON item (id);
ANALYZE item;

INSERT INTO touched_month
SELECT DISTINCT date_trunc('month', completed_on)::date FROM attribution_outcomecost o JOIN item i ON i.id = o.item_id
WHERE completed_on IS NOT NULL
UNION SELECT date_trunc('month', completed_at)::date FROM item WHERE completed_at IS NOT NULL;

DELETE FROM attribution_itemteam t USING item i WHERE t.item_id = i.id;
INSERT INTO attribution_itemteam (item_id, team_id, credit_ppm)
SELECT id, team_id, 1000000 FROM item WHERE team_id IS NOT NULL;

INSERT INTO attribution_itemteam (item_id, team_id, credit_ppm)
SELECT item_id, team_id, sum(ppm)
FROM (
    SELECT item_id, team_id, div(1000000 * weight, total)
           + (row_number() OVER (PARTITION BY item_id ORDER BY mod(1000000 * weight, total) DESC, weight DESC, who COLLATE "C")
              <= 1000000 - sum(div(1000000 * weight, total)) OVER (PARTITION BY item_id))::int AS ppm
    FROM (
        SELECT a.item_id, a.who, a.weight, m.team_id, sum(a.weight) OVER (PARTITION BY a.item_id) AS total
        FROM (
            SELECT item_id, coalesce(p.email, lower(a.actor)) AS who, a.person_id, max(a.weight)::numeric AS weight,
                   bool_or(a.role IN ('author', 'co_author', 'committer')) AS is_maker,
                   bool_or(bool_or(a.role IN ('author', 'co_author', 'committer'))) OVER (PARTITION BY item_id) AS has_maker
            FROM item_actor a LEFT JOIN people_person p ON p.id = a.person_id
            WHERE a.weight > 0
            GROUP BY item_id, coalesce(p.email, lower(a.actor)), a.person_id
        ) a
        JOIN item i ON i.id = a.item_id AND i.team_id IS NULL
        LEFT JOIN LATERAL (
            SELECT m.team_id FROM people_membership m
            WHERE m.person_id = a.person_id AND (m.valid_from IS NULL OR m.valid_from <= i.ended_on)
              AND (m.valid_to IS NULL OR m.valid_to > i.ended_on)
            ORDER BY m.valid_from DESC NULLS LAST, m.id DESC LIMIT 1
        ) m ON true
        WHERE a.is_maker OR NOT a.has_maker
    ) a
) c
GROUP BY item_id, team_id;

-- Work that names nobody is still work: its whole credit is nobody's.
INSERT INTO attribution_itemteam (item_id, team_id, credit_ppm)
SELECT i.id, NULL, 1000000 FROM item i WHERE NOT EXISTS (SELECT FROM attribution_itemteam t WHERE t.item_id = i.id);

-- What became of each. A revert that was itself reverted reverts nothing. Redoing counts within
-- the time the other item had to stand to be durable.
CREATE TEMP TABLE redo ON COMMIT DROP AS
SELECT r.id AS redoer_id, t.id AS redone_id, l.link_type,
       r.completed_at < t.completed_at + k.durable_after AS is_early
FROM item_link l
JOIN outcomes_workitem r ON r.id = l.item_id AND r.state = 'done'
JOIN outcomes_workitem t ON t.id = l.target_id AND t.kind = r.kind
JOIN kind k ON k.slug = t.kind
WHERE l.link_type IN ('reverts', 'fixes') AND r.completed_at >= t.first_completed_at
  AND (l.link_type = 'reverts' OR r.id IN (SELECT id FROM item) OR t.id IN (SELECT id FROM item));
CREATE INDEX ON redo (redone_id);
CREATE INDEX ON redo (redoer_id);
ANALYZE redo;

CREATE TEMP TABLE fate_before ON COMMIT DROP AS
SELECT f.item_id, f.fate FROM attribution_itemfate f JOIN item i ON i.id = f.item_id;
DELETE FROM attribution_itemfate f USING item i WHERE f.item_id = i.id;
INSERT INTO attribution_itemfate (item_id, fate, reverted_by_id, redoes_id)
SELECT i.id,
       CASE WHEN i.state = 'done' AND reverted.redoer_id IS NOT NULL THEN 'reverted'
            WHEN i.state = 'done' AND redoes.is_early THEN 'rework'
            WHEN i.state = 'abandoned' THEN 'abandoned'
            WHEN i.state = 'done' THEN 'value'
            ELSE 'in_progress' END,
       reverted.redoer_id, redoes.redone_id
FROM item i
LEFT JOIN LATERAL (
    SELECT r.redoer_id FROM redo r
    WHERE r.redone_id = i.id AND r.link_type = 'reverts'
      AND NOT EXISTS (SELECT FROM redo back WHERE back.redone_id = r.redoer_id AND back.link_type = 'reverts')
    ORDER BY r.redoer_id LIMIT 1
) reverted ON true
LEFT JOIN LATERAL (
    SELECT r.redone_id, coalesce(r.is_early, false) AS is_early FROM redo r WHERE r.redoer_id = i.id
    ORDER BY r.is_early DESC NULLS LAST, r.redone_id LIMIT 1
) redoes ON true;
