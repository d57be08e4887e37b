-- Per touched item and team: the credit, and the direct cost of any date.
DELETE FROM attribution_outcomecost o USING item i WHERE o.item_id = i.id;
INSERT INTO attribution_outcomecost (item_id, kind, completed_on, fate, team_id, credit_ppm, billed_nanos, effective_nanos)
SELECT i.id, i.kind, CASE WHEN i.state = 'done' THEN i.completed_at::date END, f.fate, p.team_id, sum(p.credit_ppm),
       sum(p.billed), sum(p.effective)
FROM item i
JOIN attribution_itemfate f ON f.item_id = i.id
JOIN (
    SELECT item_id, team_id, credit_ppm, 0 AS billed, 0 AS effective FROM attribution_itemteam
    UNION ALL
    SELECT item_id, team_id, 0, coalesce(reporting_billed_nanos, 0), coalesce(reporting_effective_nanos, 0)
    FROM attribution_itemday
) p ON p.item_id = i.id
GROUP BY i.id, i.kind, i.state, i.completed_at, f.fate, p.team_id;
ANALYZE attribution_outcomecost;
