-- Merge the rows of incoming_item and incoming_state into the work items. The first source that
-- states an item speaks for it; another source's word about it is kept as evidence, with its keys
-- and links. An older word than the known one changes nothing but the history of states.

-- What this source said before in the same words is no news.
DELETE FROM incoming_item USING outcomes_workitem AS item, outcomes_workitemevidence AS evidence
WHERE item.kind = incoming_item.kind AND item.key = incoming_item.key AND evidence.item_id = item.id
    AND evidence.source_id = incoming_item.source_id AND evidence.content_hash = incoming_item.content_hash;

INSERT INTO outcomes_workitem (
    kind, key, external_id, state, version_at, title, url, repo, branch, base_branch, value_currency, labels,
    is_bot_authored)
SELECT kind, key, external_id, state, version_at, '', '', '', '', '', '', '[]', false FROM incoming_item
ON CONFLICT (kind, key) DO NOTHING;

CREATE TEMP TABLE news AS
SELECT incoming_item.*, item.id AS item_id,
    coalesce(first.source_id, incoming_item.source_id) = incoming_item.source_id AS speaks,
    incoming_item.version_at >= item.version_at AS is_newer
FROM incoming_item
JOIN outcomes_workitem AS item ON item.kind = incoming_item.kind AND item.key = incoming_item.key
LEFT JOIN LATERAL (
    SELECT source_id FROM outcomes_workitemevidence AS evidence
    WHERE evidence.item_id = item.id ORDER BY evidence.id LIMIT 1) AS first ON true;
ANALYZE news;

UPDATE outcomes_workitem AS item SET
    state = news.state,
    version_at = news.version_at,
    title = coalesce(news.title, item.title),
    url = coalesce(news.url, item.url),
    created_at = least(item.created_at, news.created_at),
    started_at = coalesce(news.started_at, item.started_at),
    closed_at = CASE WHEN news.state = 'abandoned' THEN coalesce(news.closed_at, news.version_at) END,
    first_review_at = least(item.first_review_at, news.first_review_at),
    repo = coalesce(news.repo, item.repo),
    number = coalesce(news.number, item.number),
    branch = coalesce(news.branch, item.branch),
    base_branch = coalesce(news.base_branch, item.base_branch),
    team_id = coalesce(team.id, item.team_id),
    size_added = coalesce(news.size_added, item.size_added),
    size_deleted = coalesce(news.size_deleted, item.size_deleted),
    value_amount = coalesce(news.value_amount, item.value_amount),
    value_currency = coalesce(news.value_currency, item.value_currency),
    labels = coalesce(news.labels, item.labels),
    is_bot_authored = coalesce(news.is_bot_authored, item.is_bot_authored)
FROM news
LEFT JOIN LATERAL (
    SELECT id FROM people_team
    WHERE lower(slug) = lower(news.team) OR lower(people_team.name) = lower(news.team)
    ORDER BY lower(slug) = lower(news.team) DESC LIMIT 1) AS team ON true
WHERE item.id = news.item_id AND news.speaks AND news.is_newer;

INSERT INTO outcomes_workitemevidence (item_id, source_id, external_id, import_id, line, content_hash, version_at)
SELECT item_id, source_id, external_id, import_id, line, content_hash, version_at FROM news
ON CONFLICT (source_id, item_id) DO UPDATE SET
    external_id = excluded.external_id, import_id = excluded.import_id, line = excluded.line,
    content_hash = excluded.content_hash, version_at = excluded.version_at
WHERE excluded.version_at >= outcomes_workitemevidence.version_at;

INSERT INTO outcomes_workitemperson (item_id, actor, role, weight)
SELECT DISTINCT ON (item_id, said.actor, said.role) item_id, said.actor, said.role, coalesce(said.weight, 1)
FROM news, jsonb_to_recordset(news.people) AS said (actor text, role text, weight bigint)
WHERE speaks AND is_newer AND said.actor <> ''
ORDER BY item_id, said.actor, said.role, said.weight DESC
ON CONFLICT (item_id, actor, role) DO UPDATE SET weight = excluded.weight;

INSERT INTO outcomes_workitemkey (item_id, key_type, value, weight)
SELECT DISTINCT ON (item_id, said.type, said.value) item_id, said.type, said.value, coalesce(said.weight, 1)
FROM news, jsonb_to_recordset(news.keys) AS said (type text, value text, weight bigint)
WHERE (is_newer OR NOT speaks) AND said.value <> ''
ORDER BY item_id, said.type, said.value, said.weight DESC
ON CONFLICT (item_id, key_type, value) DO UPDATE SET weight = excluded.weight;

INSERT INTO outcomes_workitemlink (item_id, link_type, target_kind, target_key, evidence)
SELECT DISTINCT ON (item_id, said.type, said.kind, said.key) item_id, said.type, said.kind, said.key, said.evidence
FROM news, jsonb_to_recordset(news.links) AS said (type text, kind text, key text, evidence text)
WHERE is_newer OR NOT speaks
ORDER BY item_id, said.type, said.kind, said.key, said.evidence
ON CONFLICT (item_id, link_type, target_kind, target_key) DO NOTHING;

INSERT INTO outcomes_transition (item_id, to_state, at)
SELECT DISTINCT news.item_id, state.to_state, state.at
FROM incoming_state AS state JOIN news ON news.kind = state.kind AND news.key = state.key
WHERE news.speaks
ON CONFLICT (item_id, to_state, at) DO NOTHING;

-- When it was done first and last follows from its history, in whatever order that arrived. An
-- item that is open after it was done is reopened.
UPDATE outcomes_workitem AS item SET
    state = CASE WHEN item.state = 'open' AND done.first_at < item.version_at THEN 'reopened' ELSE item.state END,
    first_completed_at = done.first_at,
    completed_at = CASE WHEN item.state = 'done' THEN done.last_at END
FROM (
    SELECT news.item_id, min(past.at) AS first_at, max(past.at) AS last_at
    FROM news LEFT JOIN outcomes_transition AS past ON past.item_id = news.item_id AND past.to_state = 'done'
    GROUP BY news.item_id) AS done
WHERE item.id = done.item_id;

INSERT INTO attribution_dirty (what, ref) SELECT 'item', item_id::text FROM news;
