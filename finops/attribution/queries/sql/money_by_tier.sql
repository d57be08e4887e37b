select vendor, tier, sum(amount)::bigint
from money
where %(teams)s::bigint[] is null or team_id = any(%(teams)s::bigint[])
group by vendor, tier
