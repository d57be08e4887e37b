-- Names on cells without a person that nobody owned on that day, by day: they queue for an owner.
CREATE TEMP TABLE stranger_cell ON COMMIT DROP AS
SELECT c.day, v.field, lower(v.name) AS name, c.vendor, c.team_id, c.is_shared, c.reporting_billed_nanos
FROM attribution_cell c
JOIN stale_day s ON s.day = c.day
CROSS JOIN LATERAL (VALUES ('actor', c.actor), ('api_key', c.api_key), ('project', c.project),
                           ('sub_account_id', c.sub_account_id)) v (field, name)
WHERE c.person_id IS NULL AND NOT c.is_excluded AND v.name <> '';
ANALYZE stranger_cell;

DELETE FROM attribution_nameday d USING stale_day s WHERE d.day = s.day;
INSERT INTO attribution_nameday (day, field, name, vendor, cells, reporting_nanos, teamless_nanos)
SELECT c.day, c.field, c.name, c.vendor, count(*), coalesce(sum(c.reporting_billed_nanos), 0),
       coalesce(sum(c.reporting_billed_nanos) FILTER (WHERE c.team_id IS NULL AND NOT c.is_shared), 0)
FROM stranger_cell c
JOIN (
    SELECT n.name, n.day FROM (SELECT DISTINCT name, day FROM stranger_cell) n
    WHERE NOT EXISTS (
        SELECT FROM owner o
        WHERE o.name = n.name AND (o.valid_from IS NULL OR o.valid_from <= n.day) AND (o.valid_to IS NULL OR o.valid_to > n.day)
    )
) unknown ON unknown.name = c.name AND unknown.day = c.day
GROUP BY c.day, c.field, c.name, c.vendor;
