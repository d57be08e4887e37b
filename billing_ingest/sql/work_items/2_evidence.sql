-- Evidence, people, keys and links of the items in `news`.

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
