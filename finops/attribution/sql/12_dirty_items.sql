-- Items that changed, the items their links speak of, and those that speak of them.
INSERT INTO touched_item
WITH changed AS (
    SELECT ref::bigint AS id FROM claimed WHERE what = 'item'
    UNION
    SELECT p.item_id FROM outcomes_workitemperson p
    JOIN claimed_name n ON n.name = lower(p.actor)
    UNION
    SELECT p.item_id FROM outcomes_workitemperson p
    JOIN owner o ON o.name = lower(p.actor)
    JOIN claimed d ON d.what = 'person' AND d.ref::bigint = o.person_id
), targets AS (
    SELECT l.target_id AS id FROM changed c JOIN item_link l ON l.item_id = c.id
), speakers AS (
    SELECT l.item_id FROM (SELECT id FROM changed UNION SELECT id FROM targets) c JOIN item_link l ON l.target_id = c.id
)
SELECT id FROM changed UNION SELECT id FROM targets UNION SELECT item_id FROM speakers;
ANALYZE touched_item;
