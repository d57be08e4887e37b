-- What AWS's words mean: tags, people, models, meters and units. A macro of a text gives null or ''
-- when the text does not say.

CREATE OR REPLACE MACRO aws_pair(key, value) AS
    CASE WHEN value IS NOT NULL AND value <> '' THEN to_json(key)::VARCHAR || ':' || to_json(value)::VARCHAR END;

-- A JSON object of texts as a list of (key, value); null when it is none.
CREATE OR REPLACE MACRO aws_entries(x) AS map_entries(TRY_CAST(TRY_CAST(x AS JSON) AS MAP(VARCHAR, VARCHAR)));

-- resourceTags/user:Team, resource_tags/user_team and user:Team are the tag Team. Tags of a principal
-- and AWS's own (iamPrincipal/project, aws:createdBy) keep the word in front.
CREATE OR REPLACE MACRO aws_tag_key(key) AS
    regexp_replace(regexp_replace(key, '^(resourceTags|resource_tags)/', ''), '^user[:_]', '');

CREATE OR REPLACE MACRO aws_joined(pairs) AS
    CASE WHEN len(pairs) > 0 THEN '{' || array_to_string(pairs, ',') || '}' END;

-- Tags as we keep them: without the words in front, and without those left empty.
CREATE OR REPLACE MACRO aws_tags(entries) AS aws_joined(list_transform(
    list_filter(entries, lambda tag: coalesce(tag.value, '') <> ''),
    lambda tag: aws_pair(aws_tag_key(tag.key), tag.value)));

-- The same with keys in lower case, where the words that say who and what for are looked up. What
-- is tagged on the resource stands before what is tagged on the person who called it.
CREATE OR REPLACE MACRO aws_said(tags) AS CASE
    WHEN tags IS NULL OR NOT regexp_matches(lower(tags),
        '"(iamprincipal/)?(outlay:)?(person|team|repo|branch|pr|session|ticket|conversation|deal|shared|excluded|api_key|project|model)"')
    THEN NULL
    ELSE tags_said(aws_joined(list_transform(
        list_concat(list_filter(aws_entries(tags), lambda tag: NOT starts_with(tag.key, 'iamPrincipal/')),
                    list_filter(aws_entries(tags), lambda tag: starts_with(tag.key, 'iamPrincipal/'))),
        lambda tag: aws_pair(replace(lower(tag.key), 'iamprincipal/', ''), tag.value))))
END;

-- Who called, from a principal's ARN: the session of an assumed role or the user. Sessions of people
-- who sign in through an identity provider are named by their e-mail.
CREATE OR REPLACE MACRO aws_caller(arn) AS coalesce(
    nullif(regexp_extract(arn, ':assumed-role/[^/]+/(.+)$', 1), ''),
    nullif(regexp_extract(arn, ':(?:user|federated-user|role)/(?:.*/)?([^/]+)$', 1), ''),
    nullif(regexp_extract(arn, '([^:/]+)$', 1), ''));

CREATE OR REPLACE MACRO aws_actor(arn, tagged) AS CASE
    WHEN contains(aws_caller(arn), '@') THEN lower(aws_caller(arn))
    WHEN coalesce(tagged, '') <> '' THEN actor_of(tagged)
    ELSE 'aws:' || aws_caller(arn)
END;

CREATE OR REPLACE MACRO aws_role(arn) AS nullif(regexp_extract(arn, ':assumed-role/([^/]+)/', 1), '');

-- Bedrock is billed under three product codes, and models sold by others under a code of their own.
CREATE OR REPLACE MACRO aws_is_bedrock(code, service, usage_type, words) AS coalesce(
    regexp_matches(concat_ws('|', code, service), '(^|\|)AmazonBedrock')
    OR regexp_matches(words, '\bbedrock\b', 'i')
    OR regexp_matches(usage_type, '\bMP:.*(input|output).?tokens?', 'i'), false);

-- USW2-Claude4.6Sonnet-input-tokens: the part between the region and the meter. Lines of the
-- marketplace name no model there; theirs is in words: Claude Sonnet 4.5 (Amazon Bedrock Edition).
CREATE OR REPLACE MACRO aws_model_words(usage_type, words) AS coalesce(
    CASE WHEN NOT contains(usage_type, 'MP:') THEN nullif(regexp_extract(usage_type,
        '^(?:[A-Z]{2,4}[0-9]+-)?(.+?)-(?:mantle-.*|(?:text-)?(?:input|output|cache-?read|cache-?write)-.*|Provisioned.*)$', 1), '') END,
    nullif(regexp_extract(words, '(?:^|\|)\s*([^|]*?)\s*\(Amazon Bedrock Edition\)', 1), ''));

-- The model's id as logs write it: claude-sonnet-4-6, claude-3-5-sonnet, nova-2-lite. Of others the words.
CREATE OR REPLACE MACRO aws_model(said) AS CASE
    WHEN said IS NULL THEN NULL
    WHEN regexp_matches(said, 'claude', 'i') AND regexp_matches(said, 'sonnet|opus|haiku', 'i')
        AND regexp_matches(said, '[0-9]') THEN aws_claude(
            lower(regexp_extract(said, 'sonnet|opus|haiku', 0, 'i')),
            regexp_extract(said, '(?:^|[^0-9])([0-9]{1,2})(?:[.-][0-9]{1,2}(?:[^0-9]|$)|[^0-9]|$)', 1),
            regexp_extract(said, '(?:^|[^0-9])[0-9]{1,2}[.-]([0-9]{1,2})(?:[^0-9]|$)', 1))
    WHEN regexp_matches(said, 'nova', 'i') AND regexp_matches(said, 'lite|pro|micro|premier|canvas|reel|sonic', 'i')
        THEN concat_ws('-', 'nova', nullif(regexp_extract(said, 'nova[ -]?([0-9]+)', 1, 'i'), ''),
                       lower(regexp_extract(said, 'lite|pro|micro|premier|canvas|reel|sonic', 0, 'i')))
    ELSE regexp_replace(regexp_replace(lower(trim(said)), '^[a-z0-9]+\.([a-z])', '\1'), '\s+', '-', 'g')
END;

CREATE OR REPLACE MACRO aws_claude(family, major, minor) AS CASE
    WHEN major::INTEGER < 4 THEN concat_ws('-', 'claude', major, nullif(minor, ''), family)
    ELSE concat_ws('-', 'claude', family, major, nullif(minor, ''))
END;

-- Which meter a Bedrock line is for; '' when its words do not say.
CREATE OR REPLACE MACRO aws_meter(x) AS CASE
    WHEN x IS NULL THEN ''
    WHEN regexp_matches(x, 'token', 'i') THEN meter_in(lower(x))
    WHEN regexp_matches(x, 'provisioned|modelunit', 'i') THEN 'provisioned_hours'
    WHEN regexp_matches(x, 'customi[sz]ation|training', 'i') THEN 'training'
    WHEN regexp_matches(x, 'guardrail', 'i') THEN 'guardrail_units'
    WHEN regexp_matches(x, '\bT2I\b|image', 'i') THEN 'images'
    WHEN regexp_matches(x, 'storage', 'i') THEN 'storage'
    ELSE ''
END;

CREATE OR REPLACE MACRO is_token_meter(meter) AS meter IN ('input', 'cached_input', 'cache_write', 'output');

CREATE OR REPLACE MACRO aws_service_tier(x) AS lower(regexp_extract(x, '[-_](batch|flex|priority|standard)(?:[-_]|$)', 1, 'i'));

-- How many tokens one unit is; null when the words leave it open ("Units").
CREATE OR REPLACE MACRO aws_tokens_per_unit(unit) AS CASE
    WHEN regexp_full_match(unit, '\s*(1\s?k|1,?000|thousand)[\s-]*tokens?\s*', 'i') THEN 1000
    WHEN regexp_full_match(unit, '\s*(1\s?m|1,?000,?000|(1\s)?million)[\s-]*tokens?\s*', 'i') THEN 1000000
    WHEN regexp_full_match(unit, '\s*tokens?\s*', 'i') THEN 1
END;

-- Whether price times quantity is the amount, but for its last digits. A test of a quantity, no money.
CREATE OR REPLACE MACRO aws_agrees(quantity, price, amount) AS coalesce(
    abs(TRY_CAST(quantity AS DOUBLE) * TRY_CAST(price AS DOUBLE) - TRY_CAST(amount AS DOUBLE))
        <= 1e-9 + 1e-6 * abs(TRY_CAST(amount AS DOUBLE)), false);

CREATE OR REPLACE MACRO aws_tokens(quantity, unit) AS
    (TRY_CAST(quantity AS DECIMAL(26, 12)) * aws_tokens_per_unit(unit)::DECIMAL(8, 0))::VARCHAR;

-- The exact sum of two amounts, with a sign for the second. What is no amount stays to be refused.
CREATE OR REPLACE MACRO aws_sum(one, other, sign) AS CASE
    WHEN one IS NULL AND other IS NULL THEN NULL
    WHEN amount_problem(one) IS NULL AND amount_problem(other) IS NULL
        THEN (coalesce(one::DECIMAL(38, 24), 0) + sign::DECIMAL(1, 0) * coalesce(other::DECIMAL(38, 24), 0))::DECIMAL(38, 24)::VARCHAR
    ELSE concat_ws(' and ', one, other)
END;
