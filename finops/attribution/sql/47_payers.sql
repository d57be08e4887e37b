-- Who spent it and which team pays: a team tag, else the person's team at that time, else the
-- owner of the key or project. A rule may say otherwise (step 48).
CREATE TEMP TABLE name_owner ON COMMIT DROP AS
SELECT n.name, n.day, o.person_id, o.team_id, o.is_shared
FROM (
    SELECT DISTINCT lower(name) AS name, at::date AS day
    FROM new_cell CROSS JOIN LATERAL (VALUES (actor), (api_key), (project), (sub_account_id)) v (name)
    WHERE name <> ''
) n
CROSS JOIN LATERAL (
    SELECT o.person_id, o.team_id, o.is_shared FROM owner o
    WHERE o.name = n.name AND (o.valid_from IS NULL OR o.valid_from <= n.day) AND (o.valid_to IS NULL OR o.valid_to > n.day)
    ORDER BY o.valid_from DESC NULLS LAST, o.id DESC LIMIT 1
) o;
CREATE INDEX ON name_owner (name, day);
ANALYZE name_owner;

CREATE TEMP TABLE rate_day ON COMMIT DROP AS
SELECT d.currency, d.day,
       CASE WHEN d.currency = o.reporting_currency THEN 1 ELSE (
           SELECT f.rate FROM ledger_fxrate f
           WHERE f.currency = d.currency AND f.reporting_currency = o.reporting_currency AND f.day <= d.day
           ORDER BY f.day DESC LIMIT 1) END AS rate
FROM (SELECT DISTINCT currency, at::date AS day FROM new_cell) d
CROSS JOIN people_organisation o;
ANALYZE rate_day;

CREATE TEMP TABLE paid_cell ON COMMIT DROP AS
WITH named AS (
    SELECT c.*, coalesce(actor.person_id, key.person_id, project.person_id, account.person_id) AS person_id, tag.id AS tag_team_id,
           coalesce(actor.team_id, key.team_id, project.team_id, account.team_id) AS owner_team_id,
           c.is_shared OR coalesce(actor.is_shared, false) OR coalesce(key.is_shared, false)
               OR coalesce(project.is_shared, false) OR coalesce(account.is_shared, false) AS is_named_shared
    FROM new_cell c
    LEFT JOIN name_owner actor ON actor.name = c.actor AND actor.day = c.at::date
    LEFT JOIN name_owner key ON key.name = lower(c.api_key) AND key.day = c.at::date
    LEFT JOIN name_owner project ON project.name = lower(c.project) AND project.day = c.at::date
    LEFT JOIN name_owner account ON account.name = lower(c.sub_account_id) AND account.day = c.at::date
    LEFT JOIN people_team tag ON c.team_tag <> '' AND (tag.slug = lower(c.team_tag) OR lower(tag.name) = lower(c.team_tag))
)
SELECT row_number() OVER () AS place, n.at::date AS day, n.at, charged_on, charge_id, occurred_on, usage_id, source_id, scope_key, vendor, provider,
       sub_account_id, actor, api_key, project, repo, branch, session, pr, ticket, conversation, deal, team_tag, model,
       meter, service_tier, is_excluded, is_provisional, is_unpriced, currency, billed_nanos, effective_nanos, n.person_id,
       coalesce(n.tag_team_id, m.team_id, n.owner_team_id) AS own_team_id,
       CASE WHEN n.tag_team_id IS NOT NULL THEN 'tag' WHEN m.team_id IS NOT NULL THEN 'member'
            WHEN n.owner_team_id IS NOT NULL THEN 'owner' ELSE '' END AS paid_by,
       n.is_named_shared OR (n.is_not_usage AND n.person_id IS NULL
                             AND coalesce(n.tag_team_id, n.owner_team_id) IS NULL) AS is_shared
FROM named n
LEFT JOIN LATERAL (
    SELECT m.team_id FROM people_membership m
    WHERE m.person_id = n.person_id AND (m.valid_from IS NULL OR m.valid_from <= n.at::date)
      AND (m.valid_to IS NULL OR m.valid_to > n.at::date)
    ORDER BY m.valid_from DESC NULLS LAST, m.id DESC LIMIT 1
) m ON true;
