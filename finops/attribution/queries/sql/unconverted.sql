-- Money of the period that has no rate into the reporting currency, by its own currency.
select currency,
       sum(case when %(effective)s then effective_nanos else billed_nanos end)::bigint
from attribution_spendday
where day >= %(start)s and day < %(end)s
  and case when %(effective)s then reporting_effective_nanos
           else reporting_billed_nanos end is null
  and (%(teams)s::bigint[] is null or team_id = any(%(teams)s::bigint[]))
group by currency
order by currency
