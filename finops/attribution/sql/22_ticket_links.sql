-- Which pull requests a ticket's money goes to.
CREATE TEMP TABLE ticket_pull_request ON COMMIT DROP AS
SELECT DISTINCT t.id AS ticket_id, w.id AS pull_request_id
FROM outcomes_workitemlink l
JOIN outcomes_workitem w ON w.id = l.item_id AND w.kind = 'pull_request'
JOIN outcomes_workitem t ON t.kind = 'ticket' AND t.kind = l.target_kind AND t.key = l.target_key
WHERE l.link_type IN ('closes', 'fixes', 'part_of');
CREATE INDEX ON ticket_pull_request (ticket_id);
ANALYZE ticket_pull_request;
