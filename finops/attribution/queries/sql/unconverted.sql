-- Money of the period that has no rate into the reporting currency, by its own currency.
select currency, sum(own_amount)::bigint
from spend
where amount is null and (%(teams)s::bigint[] is null or team_id = any(%(teams)s::bigint[]))
group by currency
order by currency
