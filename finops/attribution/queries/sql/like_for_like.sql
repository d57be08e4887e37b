-- What each team finished in a period, by kind and size of the work, with its direct cost of any
-- date; and how many people the team had in the period.
with done as (
    select o.team_id, o.kind, o.credit_ppm, o.item_id,
           case when %(effective)s then o.effective_nanos else o.billed_nanos end as nanos,
           w.size_added + coalesce(w.size_deleted, 0) as lines
    from attribution_outcomecost o
    join outcomes_workitem w on w.id = o.item_id
    where o.completed_on >= %(start)s and o.completed_on < %(end)s
)
select kind, team_id,
       -- 0 for the smallest class; null where no size is known
       width_bucket(lines, %(limits)s::bigint[]) as size,
       sum(credit_ppm)::bigint, sum(nanos)::bigint,
       coalesce((select count(distinct m.person_id) from people_membership m
                 where m.team_id = done.team_id
                   and (m.valid_from is null or m.valid_from < %(end)s)
                   and (m.valid_to is null or m.valid_to > %(start)s)), 0)
from done
group by kind, team_id, size
order by kind, team_id, size
