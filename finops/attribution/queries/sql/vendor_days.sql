-- On which days of two periods some vendors were paid for.
select vendor, min(day), max(day)
from attribution_spendday
where vendor = any(%(vendors)s::text[]) and day >= %(start)s and day < %(end)s
  and (%(teams)s::bigint[] is null or tier = 'D' or team_id = any(%(teams)s::bigint[]))
group by vendor
