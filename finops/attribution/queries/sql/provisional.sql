-- Days whose provisional money is gone: what they last said, and the billed money that followed.
-- The history says both; the billed side is what the bill said first, by the settle that took the
-- provisional money away.
with gone as (
    select source_id, day, sum(reporting_billed_nanos) as left_over, max(run_id) as run_id
    from attribution_posting
    where is_provisional and day >= %(start)s and day < %(end)s
      and (%(source)s::bigint is null or source_id = %(source)s)
    group by source_id, day
    having sum(rows) = 0
)
select g.source_id, g.day,
       sum(p.reporting_billed_nanos) filter (
           where p.is_provisional and p.run_id < g.run_id)::bigint as provisional,
       coalesce(sum(p.reporting_billed_nanos) filter (where not p.is_provisional), 0)::bigint
           as billed
from gone g
join attribution_posting p on p.source_id = g.source_id and p.day = g.day and p.run_id <= g.run_id
group by g.source_id, g.day
having sum(p.reporting_billed_nanos) filter (where p.is_provisional and p.run_id < g.run_id) > 0
   and count(*) filter (where not p.is_provisional) > 0
order by g.day, g.source_id
