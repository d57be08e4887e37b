-- What each team pays now and would pay, over all cells of the months.
SELECT team_id, sum(now)::bigint, sum(then_)::bigint
FROM (
    SELECT team_id, nanos AS now, nanos AS then_ FROM preview_cell WHERE NOT is_open AND nanos IS NOT NULL
    UNION ALL
    SELECT team_id, nanos, 0 FROM preview_now
    UNION ALL
    SELECT team_id, 0, nanos FROM preview_then
) t
GROUP BY team_id
