-- Per source: the period's money, what of it is uncertain, and the bill against the logs at list
-- price, for the models that both know in one currency, up to the last day that is billed.
, spent as (
    select source_id, sum(amount) as nanos,
           sum(amount) filter (where is_provisional) as provisional,
           sum(amount) filter (where reason = 'no_identity') as unknown
    from spend
    group by source_id
), paid as (
    select source_id, model, currency, sum(amount) as amount,
           sum(own_amount) filter (where not is_provisional) as billed
    from spend
    group by source_id, model, currency
), reach as (
    select l.source_id, max(l.last_day) as billed_to
    from ledger_slice l
    join ledger_billingscope b on b.id = l.billing_scope_id and (b.feed_id, b.feed_document) = (l.source_id, l.document)
    where l."table" = 'charge' and l.superseded_at is null
    group by l.source_id
), logged as (
    select u.source_id, u.model, u.currency,
           case when bool_and(u.list_nanos is not null)
                then sum(u.list_nanos) filter (where u.day <= r.billed_to) end as listed,
           coalesce(sum(u.tokens) filter (where u.list_nanos is null), 0)
               / nullif(sum(u.tokens), 0) as unpriced_part
    from attribution_usageday u
    left join reach r using (source_id)
    where u.day >= %(start)s and u.day < %(end)s
    group by u.source_id, u.model, u.currency
), compared as (
    select source_id, sum(p.billed) filter (where l.listed > 0 and p.billed is not null) as billed,
           sum(l.listed) filter (where l.listed > 0 and p.billed is not null) as listed,
           sum(p.amount * l.unpriced_part) as unpriced
    from paid p
    join logged l using (source_id, model, currency)
    group by source_id
)
select source_id, coalesce(s.nanos, 0)::bigint, coalesce(s.provisional, 0)::bigint,
       case when c.listed > 0 then (c.billed - c.listed) / c.listed end,
       coalesce(round(c.unpriced), 0)::bigint, coalesce(s.unknown, 0)::bigint
from spent s
left join compared c using (source_id)
