-- Items that changed, the items their links speak of, and those that speak of them: they may match
-- other cells than before. An item of a person who only changed teams keeps its cells.
CREATE TEMP TABLE changed_item ON COMMIT DROP AS
WITH told AS (
    SELECT ref::bigint AS id FROM claimed WHERE what = 'item'
    UNION
    SELECT p.item_id FROM outcomes_workitemperson p
    JOIN claimed_name n ON n.name = lower(p.actor)
), changed AS (
    SELECT id FROM told
    UNION
    -- what it reverted, or what redid it, by a link that it no longer has
    SELECT f.item_id FROM attribution_itemfate f WHERE f.reverted_by_id IN (SELECT id FROM told)
    UNION
    SELECT f.redoes_id FROM attribution_itemfate f WHERE f.item_id IN (SELECT id FROM told) AND f.redoes_id IS NOT NULL
), targets AS (
    SELECT l.target_id AS id FROM changed c JOIN item_link l ON l.item_id = c.id
), speakers AS (
    SELECT l.item_id FROM (SELECT id FROM changed UNION SELECT id FROM targets) c JOIN item_link l ON l.target_id = c.id
)
SELECT id FROM changed UNION SELECT id FROM targets UNION SELECT item_id FROM speakers;
ANALYZE changed_item;

INSERT INTO touched_item
SELECT id FROM changed_item
UNION
SELECT a.item_id FROM item_actor a JOIN claimed d ON d.what = 'person' AND d.ref::bigint = a.person_id;
