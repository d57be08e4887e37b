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
    deployed_at = least(item.deployed_at, news.deployed_at),
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
