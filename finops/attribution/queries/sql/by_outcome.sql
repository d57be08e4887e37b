-- What each work item received in the period: its A and B cells, and its part of the pools of
-- the teams that finished it in the cells' calendar month (equal parts, nanos left over by
-- kind and key).
, direct as (
    select item_id, left(tier, 1) as tier, is_provisional,
           sum(case when %(effective)s then reporting_effective_nanos
                    else reporting_billed_nanos end) as amount
    from attribution_itemday
    where day >= %(start)s and day < %(end)s
      and (%(teams)s::bigint[] is null or team_id = any(%(teams)s::bigint[]))
    group by item_id, left(tier, 1), is_provisional
), inflow_c as (
    select month, team_id, is_provisional, sum(amount) as amount
    from spend
    where tier = 'C' and amount is not null
      and (%(teams)s::bigint[] is null or team_id = any(%(teams)s::bigint[]))
    group by month, team_id, is_provisional
), pooled as (
    select o.item_id, p.is_provisional,
           sign(p.amount) * (div(abs(p.amount), count(*) over pool)
               + (row_number() over (pool order by w.kind collate "C", w.key collate "C")
                  <= mod(abs(p.amount), count(*) over pool))::int) as amount
    from inflow_c p
    join attribution_outcomecost o
        on o.team_id = p.team_id and o.credit_ppm > 0
        and o.completed_on >= p.month and o.completed_on < p.month + interval '1 month'
    join outcomes_workitem w on w.id = o.item_id
    window pool as (partition by p.month, p.team_id, p.is_provisional)
), received as (
    select item_id, tier, is_provisional, amount from direct where amount is not null
    union all
    select item_id, 'C', is_provisional, amount from pooled
)
select w.id, w.kind, w.external_id, w.title, r.tier,
       case when r.tier = 'C' then 'pooled' else coalesce(f.fate, 'in_progress') end,
       r.is_provisional, sum(r.amount)::bigint
from received r
join outcomes_workitem w on w.id = r.item_id
left join attribution_itemfate f on f.item_id = w.id
group by w.id, w.kind, w.external_id, w.title, r.tier, f.fate, r.is_provisional
order by w.id
