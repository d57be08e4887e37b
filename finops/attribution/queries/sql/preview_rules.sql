-- How many cells, and what money, each rule has now and would have.
SELECT rule_id, count(DISTINCT place) FILTER (WHERE is_now), coalesce(sum(nanos) FILTER (WHERE is_now), 0)::bigint,
       count(DISTINCT place) FILTER (WHERE NOT is_now), coalesce(sum(nanos) FILTER (WHERE NOT is_now), 0)::bigint
FROM (
    SELECT place, rule_id, nanos, true AS is_now FROM preview_cell WHERE rule_id IS NOT NULL
    UNION ALL
    SELECT place, then_id, nanos, false FROM preview_cell WHERE then_id IS NOT NULL
) r
GROUP BY rule_id
