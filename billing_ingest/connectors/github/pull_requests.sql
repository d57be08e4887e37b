-- A pull request from a list page, a webhook event or a row of a raw table, as a work item.
-- Titles, bodies, branches and commit messages are anybody's words: they are searched by
-- linear-time patterns and cut to a length, nothing more.
WITH source_row AS (
    SELECT try_cast(COLUMNS(lambda c: c IN ('doc', 'data')) AS JSON) AS event, _line FROM raw
),
pull AS (
    SELECT
        _line,
        event,
        coalesce(event->'$.pull_request', event) AS pr,
        pr->>'$.html_url' AS url,
        regexp_extract(url, '^https?://([^/]+)/([^/]+/[^/]+)/pull/[0-9]+$', ['host', 'repo'])
            AS place,
        nullif(place['repo'], '') || '#' || (pr->>'$.number') AS external_id,
        lower(place['host']) || '/' AS host,
        lower(place['repo']) AS here,
        host || lower(external_id) AS key,
        lower(pr->>'$.user.login') AS author,
        lower(event->>'$.review.user.login') AS reviewer,
        coalesce(pr->>'$.title', '') AS title,
        -- Comments are the template's words, not the author's.
        regexp_replace(coalesce(pr->>'$.body', ''), '(?s)<!--.*?-->', ' ', 'g') AS body,
        coalesce(pr->>'$.head.ref', '') AS head_ref,
        event->>'$.commits[*].commit.message' AS messages,
        event->>'$.commits[*].commit.author.date' AS commit_dates,
        concat_ws(chr(10), body, array_to_string(messages, chr(10))) AS words,
        (pr->>'$.merged_at') IS NOT NULL AS is_merged,
        '(github:)?(.*\[bot\]|copilot(-swe-agent)?|cursoragent|devin-ai-integration|claude'
            '|dependabot)|no-?reply@anthropic\.com|cursoragent@cursor\.com' AS bot,
        coalesce((pr->>'$.user.type') = 'Bot' OR regexp_full_match(author, bot), false) AS by_bot
    FROM source_row
    WHERE event IS NULL
        OR json_exists(event, '$.pull_request.head') OR json_exists(event, '$.head')
),
said AS (
    SELECT
        *,
        list_transform(
            regexp_extract_all(
                lower(words), '(?m)^\s*co-authored-by:[^<\n]{0,200}<([^<>\s]{3,254})>', 1
            ),
            lambda mail: regexp_replace(
                mail, '^(?:[0-9]+\+)?([^@]+)@users\.noreply\.github\.com$', 'github:\1'
            )
        ) AS co_authors,
        regexp_extract_all(words, 'https://claude\.ai/code/(session_[0-9A-Za-z]{6,80})', 1)
        || regexp_extract_all(
            words,
            '(?:github\.com/[^/\s]{1,99}/[^/\s]{1,99}/sessions|chatgpt\.com/codex/tasks'
            '|app\.devin\.ai/sessions)/([0-9A-Za-z_-]{6,80})',
            1
        ) AS sessions,
        -- The button's words, or its title and branch; the word "revert" alone says nothing.
        regexp_extract_all(
            lower(body), '(?m)^\s*reverts\s+((?:[\w.-]+/[\w.-]+)?#[0-9]{1,9})\b', 1
        ) || list_filter(
            [regexp_extract(title || chr(10) || head_ref, '^Revert "[^\n]*\nrevert-([0-9]{1,9})-', 1)],
            lambda number: number <> ''
        ) AS reverted,
        list_transform(
            regexp_extract_all(
                lower(title || chr(10) || words),
                '\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:(?:pr|pull request)\s+)?'
                '(?:https?://[^/\s]+/)?(?:[\w.-]+/[\w.-]+)?(?:#|/pull/|/issues/)[0-9]{1,9}\b',
                0
            ),
            lambda match: {
                'is_fix': match LIKE 'fix%',
                'ref': regexp_replace(
                    regexp_replace(match, '^.*\s(?:https?://[^/\s]+/)?', ''), '/(pull|issues)/', '#'
                )
            }
        ) AS closed,
        list_filter(
            [
                list_filter(
                    regexp_extract_all(text, '\b[A-Z][A-Z0-9]{1,9}-[0-9]{1,7}\b', 0),
                    lambda ticket: NOT regexp_matches(ticket, '^(UTF|SHA|ISO|RFC|CVE|AES|MD|GPT)-')
                )
                FOR text IN [title, head_ref, body]
            ],
            lambda tickets: len(tickets) > 0
        )[1] AS tickets
    FROM pull
),
named AS (
    SELECT
        *,
        [
            {'actor': 'github:' || author, 'role': 'author', 'weight': (NOT by_bot)::INTEGER}
            FOR a IN [author] IF a IS NOT NULL
        ]
        || [
            {'actor': p.actor, 'role': p.role, 'weight': p.weight}
            FOR p IN
                [{'actor': c, 'role': 'co_author', 'weight': 1} FOR c IN co_authors]
                || [{'actor': 'github:' || lower(a), 'role': 'assignee', 'weight': by_bot::INTEGER}
                    FOR a IN pr->>'$.assignees[*].login']
                || [{'actor': 'github:' || lower(r), 'role': 'reviewer', 'weight': 0}
                    FOR r IN (pr->>'$.requested_reviewers[*].login') || [reviewer]]
                || [{'actor': 'github:' || lower(m), 'role': 'merger', 'weight': 0}
                    FOR m IN [pr->>'$.merged_by.login']]
            IF p.actor IS NOT NULL AND NOT regexp_full_match(p.actor, bot)
                AND (p.role NOT IN ('co_author', 'reviewer') OR p.actor <> 'github:' || author)
        ] AS people,
        [
            {'type': k.type, 'value': k.value, 'weight': 1}
            FOR k IN
                [{'type': 'pr', 'value': key}, {'type': 'pr', 'value': lower(external_id)}]
                -- An unmerged pull request has a merge commit too: of a trial.
                || [{'type': 'commit', 'value': CASE WHEN is_merged THEN pr->>'$.merge_commit_sha' END}]
                || [{'type': 'commit', 'value': pr->>'$.head.sha'}]
                || [{'type': 'session', 'value': v} FOR v IN list_distinct(sessions)]
            IF k.value IS NOT NULL
        ] AS keys,
        [
            CASE WHEN x LIKE '%/%' THEN x ELSE here || '#' || ltrim(x, '#') END FOR x IN reverted
        ] AS reverted_keys,
        [
            {'is_fix': c.is_fix, 'key': CASE WHEN c.ref LIKE '%/%' THEN c.ref ELSE here || c.ref END}
            FOR c IN closed
        ] AS closed_keys
    FROM said
),
tied AS (
    SELECT
        *,
        -- Whether a number is an issue or a pull request the text does not say. The two share
        -- their numbers, so of the two links one leads somewhere.
        [{'type': 'reverts', 'kind': 'pull_request', 'key': host || x, 'evidence': 'text'}
            FOR x IN reverted_keys]
        || [{'type': 'fixes', 'kind': 'pull_request', 'key': host || c.key, 'evidence': 'text'}
            FOR c IN closed_keys IF c.is_fix]
        || [{'type': 'closes', 'kind': 'ticket', 'key': c.key, 'evidence': 'text'}
            FOR c IN closed_keys]
        || [{'type': 'closes', 'kind': 'ticket', 'key': lower(t), 'evidence': 'text'}
            FOR t IN coalesce(tickets, [])]
        || [{'type': 'reverts', 'kind': 'commit', 'key': lower(sha), 'evidence': 'text'}
            FOR sha IN regexp_extract_all(words, '(?i)\bthis reverts commit ([0-9a-f]{40})\b', 1)]
        || [{'type': 'fixes', 'kind': 'commit', 'key': lower(sha), 'evidence': 'trailer'}
            FOR sha IN regexp_extract_all(words, '(?im)^fixes:\s*([0-9a-f]{40})\b', 1)]
            AS links
    FROM named
)
SELECT
    _line AS line,
    'pull_request' AS kind,
    key,
    external_id,
    CASE
        WHEN is_merged THEN 'done'
        WHEN (pr->>'$.state') = 'closed' THEN 'abandoned'
        WHEN (event->>'$.action') = 'reopened' THEN 'reopened'
        ELSE pr->>'$.state'
    END AS state,
    greatest(pr->>'$.updated_at', event->>'$.review.submitted_at') AS version_at,
    pr->>'$.created_at' AS created_at,
    -- Work begins before the pull request is opened: at its first commit, where commits are known.
    CASE
        WHEN len(commit_dates) > 0 THEN least(pr->>'$.created_at', list_min(commit_dates))
    END AS started_at,
    pr->>'$.merged_at' AS completed_at,
    CASE WHEN NOT is_merged THEN pr->>'$.closed_at' END AS closed_at,
    CASE
        WHEN reviewer <> author AND NOT regexp_full_match(reviewer, bot)
            THEN event->>'$.review.submitted_at'
    END AS first_review_at,
    left(title, 500) AS title,
    url,
    here AS repo,
    pr->>'$.number' AS number,
    -- A branch of a fork is not the branch of that name here: GitHub's label says whose it is.
    CASE WHEN (pr->>'$.head.repo.full_name') = (pr->>'$.base.repo.full_name') THEN head_ref
        ELSE pr->>'$.head.label' END AS branch,
    pr->>'$.base.ref' AS base_branch,
    pr->>'$.additions' AS size_added,
    pr->>'$.deletions' AS size_deleted,
    by_bot::VARCHAR AS is_bot_authored,
    to_json(pr->>'$.labels[*].name')::VARCHAR AS labels,
    to_json(list_sort(list_distinct(people)))::VARCHAR AS people,
    to_json(list_sort(list_distinct(keys)))::VARCHAR AS keys,
    to_json(
        list_sort(list_distinct([x FOR x IN links IF x.key NOT IN (key, lower(external_id))]))
    )::VARCHAR AS links
FROM tied
