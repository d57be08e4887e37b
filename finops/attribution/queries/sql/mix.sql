-- Per vendor and model: its money, and its part of what was completed in the period, by the
-- direct cost of any date that reached each item.
, spent as (
    select vendor, model, sum(amount)::bigint as nanos
    from money
    where %(teams)s::bigint[] is null or team_id = any(%(teams)s::bigint[])
    group by vendor, model
), done as (
    select o.item_id, sum(o.credit_ppm) as credit, bool_or(o.fate = 'value') as is_value,
           bool_or(case
               when o.completed_on + interval '1 day' + k.window_ <= %(now)s then true
               when o.completed_on + k.window_ > %(now)s then false
               else (select w.completed_at + k.window_ <= %(now)s
                     from outcomes_workitem w where w.id = o.item_id)
           end) as is_mature
    from attribution_outcomecost o
    join unnest(%(kinds)s::text[], %(windows)s::interval[]) as k(kind, window_) using (kind)
    where o.completed_on >= %(start)s and o.completed_on < %(end)s
      and (%(teams)s::bigint[] is null or o.team_id = any(%(teams)s::bigint[]))
    group by o.item_id
    having sum(o.credit_ppm) > 0
), reached as (
    select item_id, i.vendor, i.model, d.credit, d.is_value, d.is_mature,
           greatest(sum(case when %(effective)s then i.reporting_effective_nanos
                             else i.reporting_billed_nanos end), 0) as weight
    from done d
    join attribution_itemday i using (item_id)
    group by item_id, i.vendor, i.model, d.credit, d.is_value, d.is_mature
), parts as (
    select vendor, model, is_value, is_mature,
           credit * weight / nullif(sum(weight) over (partition by item_id), 0) as ppm
    from reached
), worked as (
    select vendor, model, sum(ppm) as ppm, sum(ppm) filter (where is_mature) as matured,
           sum(ppm) filter (where is_mature and is_value) as durable
    from parts
    where ppm > 0
    group by vendor, model
)
select vendor, model, coalesce(nanos, 0), coalesce(ppm, 0), coalesce(matured, 0),
       coalesce(durable, 0)
from spent
full join worked using (vendor, model)
order by 3 desc, vendor, model
