-- Cells that had the changed items' money, and cells that may now be theirs.
CREATE TEMP TABLE dirty_key ON COMMIT DROP AS
SELECT DISTINCT k.key_type, k.value FROM outcomes_workitemkey k JOIN changed_item t ON t.id = k.item_id;
ANALYZE dirty_key;

INSERT INTO touched_cell
SELECT a.cell_id FROM attribution_allocation a JOIN changed_item t ON t.id = a.item_id
UNION
SELECT c.id FROM attribution_cell c JOIN dirty_key k ON k.key_type = 'session' AND k.value = c.session
UNION
SELECT c.id FROM attribution_cell c JOIN dirty_key k ON k.key_type = 'pr' AND k.value = c.pr
UNION
SELECT c.id FROM attribution_cell c JOIN dirty_key k ON k.key_type = 'ticket' AND k.value = c.ticket
UNION
SELECT c.id FROM attribution_cell c JOIN dirty_key k ON k.key_type = 'conversation' AND k.value = c.conversation
UNION
SELECT c.id FROM attribution_cell c JOIN dirty_key k ON k.key_type = 'deal' AND k.value = c.deal;

-- records that name several, and tickets named in a branch
INSERT INTO touched_cell
SELECT n.id
FROM (
    SELECT c.id, v.key_type, unnest(string_to_array(v.names, ';')) AS value
    FROM attribution_cell c
    CROSS JOIN LATERAL (VALUES ('pr', c.pr), ('ticket', c.ticket), ('conversation', c.conversation), ('deal', c.deal))
        v (key_type, names)
    WHERE c.pr || c.ticket || c.conversation || c.deal LIKE '%;%'
) n
JOIN dirty_key k USING (key_type, value)
UNION
SELECT c.id
FROM (
    SELECT b.repo, b.branch
    FROM (
        SELECT DISTINCT repo, branch FROM attribution_cell
        WHERE branch <> '' AND EXISTS (SELECT FROM dirty_key WHERE key_type = 'ticket')
    ) b
    CROSS JOIN LATERAL unnest(ticket_keys(b.branch)) name
    JOIN dirty_key k ON k.key_type = 'ticket' AND k.value = name
) b
JOIN attribution_cell c ON c.repo = b.repo AND c.branch = b.branch AND c.branch <> '';

-- branches and repositories, and the people's days
INSERT INTO touched_cell
SELECT c.id FROM (
    SELECT DISTINCT w.repo, w.branch FROM changed_item t JOIN outcomes_workitem w ON w.id = t.id
    WHERE w.repo <> '' AND w.branch <> ''
) w
JOIN attribution_cell c ON c.repo = w.repo AND c.branch = w.branch AND c.branch <> ''
UNION
-- a repository that has come to be known by its work, or no longer is
SELECT a.cell_id
FROM attribution_allocation a JOIN attribution_cell c ON c.id = a.cell_id
WHERE a.item_id IS NULL AND a.team_id IS NULL AND a.reason IN ('no_identity', 'unmapped_repo') AND c.repo <> ''
  AND (a.reason = 'unmapped_repo') = (c.repo IN (SELECT repo FROM outcomes_workitem))
UNION
SELECT c.id FROM changed_item t
JOIN participant p ON p.item_id = t.id
JOIN item_window w ON w.item_id = t.id
JOIN attribution_cell c ON c.person_id = p.person_id AND c.at >= w.opens AND c.at < w.closes;
