-- What some rules moved in a period; cells without a rule are never read.
SELECT rule_id, count(*), coalesce(sum(reporting_billed_nanos), 0)::bigint
FROM attribution_cell
WHERE rule_id = ANY (%(rules)s::bigint[]) AND rule_id IS NOT NULL AND day >= %(start)s AND day < %(end)s
GROUP BY rule_id
