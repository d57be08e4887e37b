-- On which days the vendors that only one of two periods has were paid for.
select vendor, min(day), max(day)
from attribution_spendday
where ((vendor = any(%(added)s::text[]) and day >= %(start)s and day < %(end)s)
       or (vendor = any(%(gone)s::text[]) and day >= %(start_before)s and day < %(end_before)s))
  and (%(teams)s::bigint[] is null or (tier = 'D' and team_id is null) or team_id = any(%(teams)s::bigint[]))
group by vendor
