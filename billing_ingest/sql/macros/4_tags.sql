-- What the words of a bill or a log say about who, what for and which meter.

-- The tags that say who and what for, with and without our prefix; tag_of takes the n-th. Most
-- tags say neither, and a glance is cheaper than a parse.
CREATE MACRO tags_said(tags) AS CASE
    WHEN tags IS NULL OR NOT regexp_matches(tags,
        '"(outlay:)?(person|team|repo|branch|pr|session|ticket|conversation|deal|shared|excluded|api_key|project|model)"')
    THEN NULL
    ELSE TRY(json_extract_string(tags, [
        '$."outlay:person"', '$."outlay:team"', '$."outlay:repo"', '$."outlay:branch"', '$."outlay:pr"',
        '$."outlay:session"', '$."outlay:ticket"', '$."outlay:conversation"', '$."outlay:deal"',
        '$."outlay:shared"', '$."outlay:excluded"', '$."outlay:api_key"', '$."outlay:project"', '$."outlay:model"',
        '$.person', '$.team', '$.repo', '$.branch', '$.pr', '$.session', '$.ticket', '$.conversation', '$.deal',
        '$.shared', '$.excluded', '$.api_key', '$.project', '$.model']))
END;

CREATE MACRO tag_of(said, n) AS trim(coalesce(said[n], said[n + 14]));

CREATE MACRO provider_slug(x) AS CASE
    WHEN x IS NULL OR trim(x) = '' THEN ''
    WHEN regexp_matches(x, '^(aws|amazon)\b', 'i') THEN 'aws'
    WHEN regexp_matches(x, '\b(microsoft|azure)\b', 'i') THEN 'azure'
    WHEN regexp_matches(x, '\bgoogle\b', 'i') THEN 'gcp'
    ELSE regexp_extract(regexp_replace(lower(trim(x)), '[^a-z0-9]+', '-', 'g'), '^-?(.*?)(-(inc|llc|ltd|pbc|gmbh))?-?$', 1)
END;

-- Which token meter a line is for, when its words leave no doubt.
CREATE MACRO meter_in(x) AS CASE
    WHEN regexp_matches(x, 'cache') THEN CASE
        WHEN regexp_matches(x, 'writ|creat') THEN 'cache_write'
        WHEN regexp_matches(x, 'read|hit|cached') THEN 'cached_input' ELSE '' END
    WHEN contains(x, 'input') AND contains(x, 'output') THEN ''
    WHEN contains(x, 'input') THEN 'input'
    WHEN contains(x, 'output') THEN 'output'
    WHEN regexp_matches(x, 'web.?search') THEN 'web_search'
    ELSE ''
END;

CREATE MACRO meter_of(sku_meter, description) AS CASE
    WHEN sku_meter IS NOT NULL AND meter_in(lower(sku_meter)) <> '' THEN meter_in(lower(sku_meter))
    WHEN contains(lower(description), 'token') THEN meter_in(lower(description))
    ELSE ''
END;
