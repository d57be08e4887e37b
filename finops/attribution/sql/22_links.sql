-- Links whose target is known: by kind and key, or by a commit that the target made.
CREATE TEMP TABLE item_link ON COMMIT DROP AS
SELECT l.item_id, l.link_type, t.id AS target_id
FROM outcomes_workitemlink l JOIN outcomes_workitem t ON t.kind = l.target_kind AND t.key = l.target_key
WHERE t.id <> l.item_id
UNION
SELECT l.item_id, l.link_type, k.item_id
FROM outcomes_workitemlink l JOIN outcomes_workitemkey k ON k.key_type = 'commit' AND k.value = l.target_key
WHERE l.target_kind = 'commit' AND k.item_id <> l.item_id;
CREATE INDEX ON item_link (item_id);
CREATE INDEX ON item_link (target_id);
ANALYZE item_link;

-- Which pull requests a ticket's money goes to.
CREATE TEMP TABLE ticket_pull_request ON COMMIT DROP AS
SELECT DISTINCT l.target_id AS ticket_id, l.item_id AS pull_request_id
FROM item_link l
JOIN outcomes_workitem w ON w.id = l.item_id AND w.kind = 'pull_request'
JOIN outcomes_workitem t ON t.id = l.target_id AND t.kind = 'ticket'
WHERE l.link_type IN ('closes', 'fixes', 'part_of');
CREATE INDEX ON ticket_pull_request (ticket_id);
ANALYZE ticket_pull_request;
