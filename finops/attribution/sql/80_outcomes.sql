-- Per touched item and team: the credit, and the direct cost of any date.
CREATE TEMP TABLE stale_done ON COMMIT DROP AS
SELECT DISTINCT o.completed_on FROM attribution_outcomecost o JOIN item i ON i.id = o.item_id WHERE o.completed_on IS NOT NULL;

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

-- The same per day of completion, kind and team, so that a page reads few rows.
INSERT INTO stale_done
SELECT DISTINCT completed_at::date FROM item WHERE state = 'done' AND completed_at IS NOT NULL
EXCEPT SELECT completed_on FROM stale_done;

DELETE FROM attribution_outcomeday d USING stale_done s WHERE d.completed_on = s.completed_on;
INSERT INTO attribution_outcomeday (completed_on, kind, team_id, items, credit_ppm, value_ppm, billed_nanos, effective_nanos)
SELECT o.completed_on, o.kind, o.team_id, count(*) FILTER (WHERE o.credit_ppm > 0), sum(o.credit_ppm),
       coalesce(sum(o.credit_ppm) FILTER (WHERE o.fate = 'value'), 0), sum(o.billed_nanos), sum(o.effective_nanos)
FROM attribution_outcomecost o JOIN stale_done s ON s.completed_on = o.completed_on
GROUP BY o.completed_on, o.kind, o.team_id;
