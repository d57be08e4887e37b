-- Items that changed, the items their links speak of or that speak of them, and the cells and
-- days they touch: those that had their money, and those that may now be theirs.
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

INSERT INTO touched_cell
SELECT a.cell_id FROM attribution_allocation a JOIN touched_item t ON t.id = a.item_id
UNION
SELECT c.id FROM touched_item t
JOIN outcomes_workitemkey k ON k.item_id = t.id
JOIN attribution_cell c ON (k.key_type = 'session' AND c.session = k.value)
UNION
SELECT c.id FROM touched_item t JOIN outcomes_workitemkey k ON k.item_id = t.id AND k.key_type = 'pr'
JOIN attribution_cell c ON c.pr <> '' AND k.value = ANY (string_to_array(c.pr, ';'))
UNION
SELECT c.id FROM touched_item t JOIN outcomes_workitemkey k ON k.item_id = t.id AND k.key_type = 'ticket'
JOIN attribution_cell c ON (c.ticket <> '' AND k.value = ANY (string_to_array(c.ticket, ';')))
                        OR (c.branch <> '' AND k.value = ANY (ticket_keys(c.branch)))
UNION
SELECT c.id FROM touched_item t JOIN outcomes_workitemkey k ON k.item_id = t.id AND k.key_type = 'conversation'
JOIN attribution_cell c ON c.conversation <> '' AND k.value = ANY (string_to_array(c.conversation, ';'))
UNION
SELECT c.id FROM touched_item t JOIN outcomes_workitemkey k ON k.item_id = t.id AND k.key_type = 'deal'
JOIN attribution_cell c ON c.deal <> '' AND k.value = ANY (string_to_array(c.deal, ';'))
UNION
SELECT c.id FROM touched_item t JOIN outcomes_workitem w ON w.id = t.id AND w.repo <> ''
JOIN attribution_cell c ON c.repo = w.repo AND c.branch <> '' AND c.branch = w.branch
UNION
SELECT c.id FROM touched_item t JOIN outcomes_workitem w ON w.id = t.id AND w.repo <> ''
JOIN attribution_cell c ON c.repo = w.repo
JOIN attribution_allocation a ON a.cell_id = c.id AND a.tier = 'E'
UNION
SELECT c.id FROM touched_item t
JOIN participant p ON p.item_id = t.id
JOIN item_window w ON w.item_id = t.id
JOIN attribution_cell c ON c.person_id = p.person_id AND c.at >= w.opens AND c.at < w.closes;
