-- The books of a period in one answer: a row says what it is about, its sums are in an array.
select 'money' as part, bucket, team_id, kind, tier, reason, fate, is_provisional,
       array[sum(amount)] as sums
from money
where %(teams)s::bigint[] is null or team_id = any(%(teams)s::bigint[])
group by bucket, team_id, kind, tier, reason, fate, is_provisional
union all
select 'pooled', bucket, team_id, kind, '', '', '', false, array[nanos] from pooled
union all
select 'completed', bucket, team_id, kind, unit, '', '', false,
       array[matured, durable, units, c, n, cc, nn, cn]
from completed
union all
-- Money that has no rate into the reporting currency, by its own currency.
select 'unconverted', bucket, null, '', currency, '', '', false, array[sum(own_amount)]
from spend
where amount is null and (%(teams)s::bigint[] is null or team_id = any(%(teams)s::bigint[]))
group by bucket, currency
