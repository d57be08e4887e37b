-- The waterfall: for every touched cell, the work items of the first tier that matches.
CREATE TEMP TABLE due ON COMMIT DROP AS
SELECT c.* FROM (SELECT DISTINCT id FROM touched_cell) t JOIN attribution_cell c USING (id);
CREATE INDEX ON due (id);
ANALYZE due;
-- What is left out, or shared by a proportional rule, is not asked what work it was for.
CREATE TEMP TABLE seeking ON COMMIT DROP AS
SELECT * FROM due d WHERE NOT is_excluded
   AND (rule_id IS NULL OR rule_id NOT IN (SELECT rule_id FROM rule_way WHERE is_proportional));
CREATE INDEX ON seeking (id);
ANALYZE seeking;
INSERT INTO touched_place
SELECT DISTINCT a.day, coalesce(a.team_id, 0) FROM attribution_allocation a JOIN due d ON d.id = a.cell_id;
INSERT INTO touched_item
SELECT DISTINCT a.item_id FROM attribution_allocation a JOIN due d ON d.id = a.cell_id WHERE a.item_id IS NOT NULL;
DELETE FROM attribution_allocation a USING due d WHERE a.cell_id = d.id;

CREATE TEMP TABLE match (cell_id bigint, item_id bigint, tier text, weight bigint) ON COMMIT DROP;

-- A1: the record names the work. A pull request wins over a conversation, a deal, a ticket.
-- A ticket with linked pull requests waits for A4.
INSERT INTO match
SELECT DISTINCT ON (cell_id, item_id) cell_id, item_id, 'A1', 1
FROM (
    SELECT d.id AS cell_id, k.item_id, n.place, min(n.place) OVER (PARTITION BY d.id) AS best
    FROM seeking d
    CROSS JOIN LATERAL (
        VALUES (1, 'pr', d.pr), (2, 'conversation', d.conversation), (3, 'deal', d.deal), (4, 'ticket', d.ticket)
    ) n (place, key_type, names)
    CROSS JOIN LATERAL unnest(string_to_array(n.names, ';')) name
    JOIN outcomes_workitemkey k ON k.key_type = n.key_type AND k.value = name
    WHERE n.names <> ''
      AND (n.key_type <> 'ticket' OR NOT EXISTS (SELECT FROM ticket_pull_request t WHERE t.ticket_id = k.item_id))
) m
WHERE place = best;

-- A2: the session was found in the work; the lines it wrote there are the weight.
INSERT INTO match
SELECT d.id, k.item_id, 'A2', max(k.weight)
FROM seeking d JOIN outcomes_workitemkey k ON k.key_type = 'session' AND k.value = d.session
WHERE d.session <> '' AND NOT EXISTS (SELECT FROM match m WHERE m.cell_id = d.id)
GROUP BY d.id, k.item_id;

-- A3: the repository and branch; where a branch was reused, the item whose life covers the time.
INSERT INTO match
SELECT DISTINCT ON (cell_id) cell_id, item_id, 'A3', 1
FROM (
    SELECT d.id AS cell_id, w.id AS item_id, w.kind, w.key, i.opens,
           d.at >= i.opens AND d.at < i.closes AS is_alive, count(*) OVER (PARTITION BY d.id) AS items
    FROM seeking d
    JOIN outcomes_workitem w ON w.repo = d.repo AND w.branch = d.branch
    LEFT JOIN item_window i ON i.item_id = w.id
    WHERE d.repo <> '' AND d.branch <> '' AND NOT EXISTS (SELECT FROM match m WHERE m.cell_id = d.id)
) b
WHERE items = 1 OR is_alive
ORDER BY cell_id, opens DESC NULLS LAST, kind COLLATE "C", key COLLATE "C";

-- A4: a ticket named in the branch or the record: its pull requests, else the ticket.
INSERT INTO match
SELECT DISTINCT d.id, coalesce(t.pull_request_id, k.item_id), 'A4', 1
FROM seeking d
CROSS JOIN LATERAL unnest(ticket_keys(d.branch) || string_to_array(d.ticket, ';')) name
JOIN outcomes_workitemkey k ON k.key_type = 'ticket' AND k.value = name
LEFT JOIN ticket_pull_request t ON t.ticket_id = k.item_id
WHERE (d.branch <> '' OR d.ticket <> '') AND NOT EXISTS (SELECT FROM match m WHERE m.cell_id = d.id);
CREATE INDEX ON match (cell_id);
ANALYZE match;

-- B: the person took part, within the item's window, in the same repository when both are known.
INSERT INTO match
SELECT d.id, p.item_id, 'B', 1
FROM seeking d
JOIN participant p ON p.person_id = d.person_id
JOIN item_window i ON i.item_id = p.item_id AND d.at >= i.opens AND d.at < i.closes
 AND (i.repo = '' OR d.repo = '' OR i.repo = d.repo)
WHERE NOT EXISTS (SELECT FROM match m WHERE m.cell_id = d.id);
ANALYZE match;
