-- The pieces that would be paid otherwise than now, with who pays now and who would.
CREATE TEMP TABLE preview_moved ON COMMIT DROP AS
WITH different AS (
    SELECT place, team_id, sum(now) AS now, sum(then_) AS then_
    FROM (
        SELECT place, team_id, nanos AS now, 0 AS then_ FROM preview_now
        UNION ALL
        SELECT place, team_id, 0, nanos FROM preview_then
    ) b
    GROUP BY place, team_id
)
SELECT place, team_id, now, then_ FROM different d
WHERE place IN (SELECT place FROM different WHERE now <> then_);
ANALYZE preview_moved;
