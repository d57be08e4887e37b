-- What a rule sends to one team, or to several in parts by largest remainder, both costs with the
-- same weights. A proportional rule leaves the cell whole and without a team (step 65).
CREATE TEMP TABLE rule_piece ON COMMIT DROP AS
SELECT place, rule_id, part_team_id,
       (sign(billed_nanos) * (billed_floor
           + (row_number() OVER billed <= abs(billed_nanos) - sum(billed_floor) OVER cell)::int))::bigint AS billed_nanos,
       (sign(effective_nanos) * (effective_floor
           + (row_number() OVER effective <= abs(effective_nanos) - sum(effective_floor) OVER cell)::int))::bigint AS effective_nanos
FROM (
    SELECT c.place, t.rule_id, c.billed_nanos, c.effective_nanos, t.team_id AS part_team_id, t.slug, t.weight,
           div(abs(c.billed_nanos) * t.weight, t.total) AS billed_floor,
           mod(abs(c.billed_nanos) * t.weight, t.total) AS billed_rest,
           div(abs(c.effective_nanos) * t.weight, t.total) AS effective_floor,
           mod(abs(c.effective_nanos) * t.weight, t.total) AS effective_rest
    FROM ruled_cell r
    JOIN paid_cell c ON c.place = r.place
    JOIN (SELECT *, sum(weight) OVER (PARTITION BY rule_id, own_team_id) AS total FROM rule_part) t
      ON t.rule_id = r.rule_id AND (t.own_team_id IS NULL OR t.own_team_id = c.own_team_id)
) p
WINDOW cell AS (PARTITION BY place),
       billed AS (PARTITION BY place ORDER BY billed_rest DESC, weight DESC, slug COLLATE "C"),
       effective AS (PARTITION BY place ORDER BY effective_rest DESC, weight DESC, slug COLLATE "C");
ANALYZE rule_piece;

-- The cells are booked, in both currencies. What a rule gives to one team is no longer shared.
WITH placed AS (
    SELECT c.*, r.rule_id, c.own_team_id AS team_id
    FROM paid_cell c LEFT JOIN ruled_cell r ON r.place = c.place
    WHERE r.rule_id IS NULL
    UNION ALL
    SELECT c.*, r.rule_id, NULL
    FROM paid_cell c JOIN ruled_cell r ON r.place = c.place JOIN rule_way w ON w.rule_id = r.rule_id AND w.is_proportional
), parts AS (
    SELECT day, at, charged_on, charge_id, occurred_on, usage_id, source_id, scope_key, vendor, provider, sub_account_id,
           actor, api_key, project, repo, branch, session, pr, ticket, conversation, deal, team_tag, model, meter,
           service_tier, is_shared OR rule_id IS NOT NULL AS is_shared, is_excluded, is_provisional, is_unpriced, person_id,
           team_id, paid_by, rule_id, own_team_id, currency, billed_nanos, effective_nanos
    FROM placed
    UNION ALL
    SELECT c.day, c.at, c.charged_on, c.charge_id, c.occurred_on, c.usage_id, c.source_id, c.scope_key, c.vendor, c.provider,
           c.sub_account_id, c.actor, c.api_key, c.project, c.repo, c.branch, c.session, c.pr, c.ticket, c.conversation,
           c.deal, c.team_tag, c.model, c.meter, c.service_tier, c.is_shared AND NOT w.is_to_one, c.is_excluded,
           c.is_provisional, c.is_unpriced, c.person_id, p.part_team_id, c.paid_by, p.rule_id, c.own_team_id, c.currency,
           p.billed_nanos, p.effective_nanos
    FROM rule_piece p JOIN paid_cell c ON c.place = p.place JOIN rule_way w ON w.rule_id = p.rule_id
    WHERE p.billed_nanos <> 0 OR p.effective_nanos <> 0
), booked AS (
    INSERT INTO attribution_cell (
        day, at, charged_on, charge_id, occurred_on, usage_id, source_id, scope_key, vendor, provider, sub_account_id,
        actor, api_key, project, repo, branch, session, pr, ticket, conversation, deal, team_tag, model, meter,
        service_tier, is_shared, is_excluded, is_provisional, is_unpriced, person_id, team_id, paid_by, rule_id, own_team_id,
        currency, billed_nanos, effective_nanos, fx_rate, reporting_billed_nanos, reporting_effective_nanos)
    SELECT p.*, r.rate, round(p.billed_nanos * r.rate), round(p.effective_nanos * r.rate)
    FROM parts p JOIN rate_day r ON r.currency = p.currency AND r.day = p.day
    RETURNING id
)
INSERT INTO touched_cell SELECT id FROM booked;
