WITH said AS (
    SELECT
        *,
        CASE lower(trim(kind)) WHEN 'pr' THEN 'pull_request' ELSE lower(trim(kind)) END AS item_kind,
        CASE WHEN lower(trim(state)) IN ('merged', 'won', 'resolved', 'closed') THEN 'done'
            ELSE lower(trim(state)) END AS item_state,
        trim(external_id) AS id,
        lower(trim(repo)) AS item_repo,
        -- A pull request named by an address, of GitHub, GitLab or Bitbucket.
        regexp_extract(
            lower(trim(CASE WHEN external_id LIKE 'http%' THEN external_id ELSE url END)),
            '^https?://([^/]+)/(.+?)/(?:-/)?(?:pull|pulls|merge_requests|pull-requests)/([0-9]+)',
            ['host', 'repo', 'number']
        ) AS place
    FROM raw
),
placed AS (
    SELECT
        *,
        coalesce(nullif(place['host'], ''), 'github.com') AS host,
        CASE
            WHEN id LIKE 'http%' AND place['number'] <> '' THEN place['repo'] || '#' || place['number']
            ELSE lower(id)
        END AS short
    FROM said
),
keyed AS (
    SELECT
        *,
        CASE WHEN item_kind = 'pull_request' AND regexp_full_match(short, '[^/#\s]+(/[^/#\s]+)+#[0-9]+')
            THEN host || '/' || short ELSE short END AS item_key,
        CASE WHEN item_kind = 'pull_request' AND NOT contains(short, '#') AND coalesce(item_repo, '') <> ''
                AND regexp_matches(short, '[0-9]+$')
            THEN item_repo || '#' || regexp_extract(short, '([0-9]+)$', 1) END AS by_repo
    FROM placed
)
SELECT
    _line AS line,
    idempotency_key,
    item_kind AS kind,
    item_key AS key,
    id AS external_id,
    item_state AS state,
    trim(occurred_at) AS version_at,
    trim(started_at) AS started_at,
    CASE WHEN item_state = 'done' THEN trim(occurred_at) END AS completed_at,
    CASE WHEN item_state = 'abandoned' THEN trim(occurred_at) END AS closed_at,
    CASE WHEN item_state = 'open' THEN trim(occurred_at) END AS created_at,
    trim(first_review_at) AS first_review_at,
    trim(deployed_at) AS deployed_at,
    title,
    url,
    item_repo AS repo,
    trim(branch) AS branch,
    clean(team) AS team,
    CASE WHEN item_kind = 'pull_request' THEN regexp_extract(short, '#([0-9]+)$', 1) END AS number,
    trim(lines_added) AS size_added,
    trim(lines_deleted) AS size_deleted,
    trim(value_amount) AS value_amount,
    trim(value_currency) AS value_currency,
    people_list(person_emails, CASE item_kind
        WHEN 'pull_request' THEN 'author' WHEN 'deal' THEN 'owner' WHEN 'lead' THEN 'owner' ELSE 'assignee' END)
        AS people,
    keys_list(
        CASE item_kind WHEN 'pull_request' THEN 'pr' ELSE item_kind END,
        CASE WHEN item_kind IN ('pull_request', 'ticket', 'conversation', 'deal')
            THEN [item_key, short, by_repo] ELSE [] END,
        session_ids
    ) AS keys,
    links_list(links, item_kind, host) AS links
FROM keyed
