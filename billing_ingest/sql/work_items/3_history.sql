-- The history of the items in `news`, and what follows from it.

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
