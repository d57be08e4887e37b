select bucket, team_id, tier, reason, kind, fate, is_provisional, sum(amount)::bigint
from money
where %(teams)s::bigint[] is null or team_id = any(%(teams)s::bigint[])
group by bucket, team_id, tier, reason, kind, fate, is_provisional
