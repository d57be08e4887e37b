-- Per source: the period's money, what of it is uncertain, and the bill against the logs at list
-- price, for the days and models that both know in one currency.
with spent as (
    select d.source_id, d.day, d.model, d.currency, d.is_provisional, d.reason,
           case when %(effective)s then d.reporting_effective_nanos
                else d.reporting_billed_nanos end as amount,
           d.billed_nanos
    from attribution_spendday d
    where d.day >= %(start)s and d.day < %(end)s
), money as (
    select source_id, sum(amount) as nanos,
           sum(amount) filter (where is_provisional) as provisional,
           sum(amount) filter (where reason = 'no_identity') as unknown
    from spent
    group by source_id
), per_day as (
    select source_id, day, model, currency, sum(amount) as amount,
           sum(billed_nanos) filter (where not is_provisional) as billed
    from spent
    group by source_id, day, model, currency
), compared as (
    select source_id, sum(p.billed) filter (where u.list_nanos > 0 and p.billed is not null) as billed,
           sum(u.list_nanos) filter (where u.list_nanos > 0 and p.billed is not null) as listed,
           sum(p.amount) filter (where u.list_nanos is null) as unpriced
    from per_day p
    join attribution_usageday u using (source_id, day, model, currency)
    group by source_id
)
select source_id, coalesce(m.nanos, 0)::bigint, coalesce(m.provisional, 0)::bigint,
       case when c.listed > 0 then (c.billed - c.listed) / c.listed end,
       coalesce(c.unpriced, 0)::bigint, coalesce(m.unknown, 0)::bigint
from money m
left join compared c using (source_id)
