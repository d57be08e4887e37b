select team_id, vendor, fate, sum(amount)::bigint,
       coalesce(sum(amount) filter (where is_provisional), 0)::bigint
from money
where %(teams)s::bigint[] is null or team_id = any(%(teams)s::bigint[])
group by team_id, vendor, fate
