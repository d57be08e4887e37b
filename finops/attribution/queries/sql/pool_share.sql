-- An item's part of the pools of the teams that finished it, in its month of completion: equal
-- parts for all that the team finished that month, nanos left over by kind and key.
with inflow as (
    select team_id, is_provisional,
           sum(case when %(effective)s then reporting_effective_nanos
                    else reporting_billed_nanos end) as amount
    from attribution_spendmonth
    where tier = 'C' and month = %(start)s and team_id = any(%(teams)s::bigint[])
    group by team_id, is_provisional
), finished as (
    select o.team_id, o.item_id, count(*) over team as items,
           row_number() over (team order by w.kind collate "C", w.key collate "C") as place
    from attribution_outcomecost o
    join outcomes_workitem w on w.id = o.item_id
    where o.credit_ppm > 0 and o.completed_on >= %(start)s and o.completed_on < %(end)s
      and o.team_id = any(%(teams)s::bigint[])
    window team as (partition by o.team_id)
)
select coalesce(sum(sign(p.amount) * (div(abs(p.amount), f.items)
                    + (f.place <= mod(abs(p.amount), f.items))::int)), 0)::bigint
from inflow p
join finished f using (team_id)
where f.item_id = %(item)s
