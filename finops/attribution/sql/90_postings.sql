-- What this settle changed, as differences: the rollups of the touched days and items against the
-- sum of what is posted already. Nothing changed: nothing is posted.
CREATE TEMP TABLE posted_day ON COMMIT DROP AS
SELECT day, array_agg(DISTINCT team) AS teams, false AS all_teams
FROM (
    SELECT day, unnest(teams) AS team FROM stale_day
    UNION ALL
    -- Shared money of a month that gained or lost its base.
    SELECT p.day, 0
    FROM overhead_flip m
    JOIN attribution_posting p ON p.day >= m.month AND p.day < m.month + interval '1 month'
    WHERE p.team_id IS NULL AND CASE WHEN m.has_base THEN p.reason = 'no_base' ELSE p.tier = 'D' END
    GROUP BY p.day, p.source_id, p.vendor, p.model, p.is_provisional, p.currency, p.has_rate
    HAVING sum(p.rows) <> 0
) d
WHERE NOT %(everything)s
GROUP BY day
UNION ALL
SELECT day, NULL, true FROM (
    SELECT day FROM attribution_spendday UNION SELECT day FROM attribution_itemday
    UNION SELECT day FROM attribution_posting UNION SELECT day FROM attribution_itemposting
) d
WHERE %(everything)s;
ANALYZE posted_day;

CREATE TEMP TABLE posted (rows bigint) ON COMMIT DROP;

WITH done AS (
    INSERT INTO attribution_posting (run_id, known_at, day, team_id, source_id, vendor, model, tier, reason, kind, fate,
        is_provisional, currency, has_rate, rows, billed_nanos, effective_nanos, reporting_billed_nanos,
        reporting_effective_nanos)
    SELECT %(run)s, %(known_at)s, day, team_id, source_id, vendor, model, tier, reason, kind, fate, is_provisional, currency,
           has_rate, sum(rows), sum(billed), sum(effective), sum(reporting_billed), sum(reporting_effective)
    FROM (
        SELECT day, team_id, source_id, vendor, model, tier, reason, kind, fate, is_provisional, currency,
               reporting_billed_nanos IS NOT NULL AS has_rate, 1 AS rows, sum(billed_nanos) AS billed,
               sum(effective_nanos) AS effective, coalesce(sum(reporting_billed_nanos), 0) AS reporting_billed,
               coalesce(sum(reporting_effective_nanos), 0) AS reporting_effective
        FROM attribution_spendday JOIN posted_day USING (day)
        WHERE all_teams OR coalesce(team_id, 0) = ANY (teams)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        UNION ALL
        SELECT day, team_id, source_id, vendor, model, tier, reason, kind, fate, is_provisional, currency, has_rate, -rows,
               -billed_nanos, -effective_nanos, -reporting_billed_nanos, -reporting_effective_nanos
        FROM attribution_posting JOIN posted_day USING (day)
        WHERE all_teams OR coalesce(team_id, 0) = ANY (teams)
    ) p
    GROUP BY day, team_id, source_id, vendor, model, tier, reason, kind, fate, is_provisional, currency, has_rate
    HAVING (sum(rows), sum(billed), sum(effective), sum(reporting_billed), sum(reporting_effective)) <> (0, 0, 0, 0, 0)
    RETURNING 1
)
INSERT INTO posted SELECT count(*) FROM done;

WITH done AS (
    INSERT INTO attribution_itemposting (run_id, known_at, day, item_id, team_id, source_id, vendor, model, tier,
        is_provisional, currency, has_rate, rows, billed_nanos, effective_nanos, reporting_billed_nanos,
        reporting_effective_nanos)
    SELECT %(run)s, %(known_at)s, day, item_id, team_id, source_id, vendor, model, tier, is_provisional, currency, has_rate,
           sum(rows), sum(billed), sum(effective), sum(reporting_billed), sum(reporting_effective)
    FROM (
        SELECT day, item_id, team_id, source_id, vendor, model, tier, is_provisional, currency,
               reporting_billed_nanos IS NOT NULL AS has_rate, 1 AS rows, sum(billed_nanos) AS billed,
               sum(effective_nanos) AS effective, coalesce(sum(reporting_billed_nanos), 0) AS reporting_billed,
               coalesce(sum(reporting_effective_nanos), 0) AS reporting_effective
        FROM attribution_itemday JOIN posted_day USING (day)
        WHERE all_teams OR coalesce(team_id, 0) = ANY (teams)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
        UNION ALL
        SELECT day, item_id, team_id, source_id, vendor, model, tier, is_provisional, currency, has_rate, -rows,
               -billed_nanos, -effective_nanos, -reporting_billed_nanos, -reporting_effective_nanos
        FROM attribution_itemposting JOIN posted_day USING (day)
        WHERE all_teams OR coalesce(team_id, 0) = ANY (teams)
    ) p
    GROUP BY day, item_id, team_id, source_id, vendor, model, tier, is_provisional, currency, has_rate
    HAVING (sum(rows), sum(billed), sum(effective), sum(reporting_billed), sum(reporting_effective)) <> (0, 0, 0, 0, 0)
    RETURNING 1
)
INSERT INTO posted SELECT count(*) FROM done;

CREATE TEMP TABLE posted_item ON COMMIT DROP AS
SELECT id FROM item
UNION
SELECT item_id FROM attribution_outcomeposting WHERE %(everything)s;
ANALYZE posted_item;

WITH done AS (
    INSERT INTO attribution_outcomeposting (run_id, known_at, item_id, kind, completed_on, fate, team_id, rows, credit_ppm,
        billed_nanos, effective_nanos)
    SELECT %(run)s, %(known_at)s, item_id, kind, completed_on, fate, team_id, sum(rows), sum(credit), sum(billed),
           sum(effective)
    FROM (
        SELECT item_id, kind, completed_on, fate, team_id, 1 AS rows, sum(credit_ppm) AS credit,
               sum(billed_nanos) AS billed, sum(effective_nanos) AS effective
        FROM attribution_outcomecost o JOIN posted_item i ON i.id = o.item_id
        GROUP BY 1, 2, 3, 4, 5
        UNION ALL
        SELECT item_id, kind, completed_on, fate, team_id, -rows, -credit_ppm, -billed_nanos, -effective_nanos
        FROM attribution_outcomeposting p JOIN posted_item i ON i.id = p.item_id
    ) o
    GROUP BY item_id, kind, completed_on, fate, team_id
    HAVING (sum(rows), sum(credit), sum(billed), sum(effective)) <> (0, 0, 0, 0)
    RETURNING 1
)
INSERT INTO posted SELECT count(*) FROM done;

CREATE TEMP TABLE known_item ON COMMIT DROP AS
SELECT DISTINCT ON (k.item_id) k.item_id, k.fate, k.reverted_by_id, k.redoes_id, k.item
FROM posted_item i JOIN attribution_itemknown k ON k.item_id = i.id
ORDER BY k.item_id, k.id DESC;
ANALYZE known_item;

-- When a source last told of an item says nothing about the item.
WITH done AS (
    INSERT INTO attribution_itemknown (run_id, known_at, item_id, fate, reverted_by_id, redoes_id, item)
    SELECT %(run)s, %(known_at)s, f.item_id, f.fate, f.reverted_by_id, f.redoes_id, to_jsonb(w) - 'version_at'
    FROM posted_item i
    JOIN attribution_itemfate f ON f.item_id = i.id
    JOIN outcomes_workitem w ON w.id = i.id
    LEFT JOIN known_item k ON k.item_id = i.id
    WHERE (f.fate, f.reverted_by_id, f.redoes_id, to_jsonb(w) - 'version_at')
        IS DISTINCT FROM (k.fate, k.reverted_by_id, k.redoes_id, k.item)
    RETURNING 1
)
INSERT INTO posted SELECT count(*) FROM done;

WITH done AS (
    INSERT INTO attribution_namesknown (run_id, known_at, company, teams, placements)
    SELECT %(run)s, %(known_at)s, company, teams, placements
    FROM (
        SELECT (SELECT to_jsonb(o) FROM people_organisation o WHERE o.id = 1) AS company,
               coalesce((SELECT jsonb_agg(jsonb_build_array(
                             t.id, t.slug, t.name, t.color,
                             EXISTS (SELECT FROM people_teamplacement p WHERE p.parent_id = t.id)
                             AND NOT EXISTS (SELECT FROM people_membership m WHERE m.team_id = t.id)
                             AND NOT EXISTS (SELECT FROM people_identity i WHERE i.team_id = t.id),
                             t.cost_center
                         ) ORDER BY t.slug) FROM people_team t), '[]') AS teams,
               coalesce((SELECT jsonb_agg(jsonb_build_array(team_id, parent_id, valid_from, valid_to)
                                          ORDER BY team_id, valid_from NULLS FIRST, id)
                         FROM people_teamplacement), '[]') AS placements
    ) n
    WHERE (company, teams, placements) IS DISTINCT FROM (
        SELECT ROW (k.company, k.teams, k.placements) FROM attribution_namesknown k ORDER BY k.id DESC LIMIT 1
    )
    RETURNING 1
)
INSERT INTO posted SELECT count(*) FROM done;

-- Why, as far as it was claimed: for bills and logs the imports whose slices came or went.
INSERT INTO attribution_postedrun (run_id, known_at, is_full, causes)
SELECT %(run)s, %(known_at)s, %(is_full)s, coalesce((
    SELECT jsonb_agg(jsonb_build_object(
               'what', c.what, 'count', c.count, 'refs', to_jsonb(c.refs[:20]), 'imports', to_jsonb(c.imports[:20])
           ) ORDER BY c.what)
    FROM (
        SELECT d.what, count(DISTINCT d.ref) AS count, array_agg(DISTINCT d.ref) AS refs,
               array_agg(DISTINCT s.import_id) FILTER (WHERE s.import_id IS NOT NULL) AS imports
        FROM claimed d
        LEFT JOIN ledger_slice s ON d.what = 'slice' AND s.id::text = d.ref
        GROUP BY d.what
    ) c
), '[]')
WHERE (SELECT sum(rows) FROM posted) > 0;
