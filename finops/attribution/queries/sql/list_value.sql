-- Per source and model of a period: what the scope paid, what that is at list price and in
-- tokens. The logs tell these for the whole company; a scope has them in proportion to its money.
, paid as (
    select source_id, model, currency, sum(amount) as company, sum(own_amount) as own,
           sum(amount) filter (where %(teams)s::bigint[] is null
                               or team_id = any(%(teams)s::bigint[])) as scope
    from spend
    where model <> ''
    group by source_id, model, currency
), logged as (
    select source_id, model, currency, sum(tokens) as tokens,
           case when bool_and(list_nanos is not null) then sum(list_nanos) end as listed
    from attribution_usageday
    where day >= %(start)s and day < %(end)s
    group by source_id, model, currency
)
select s.name, p.model, p.scope, l.listed * p.scope / p.own, l.tokens * p.scope / p.company
from paid p
join logged l using (source_id, model, currency)
join ledger_source s on s.id = p.source_id
where p.scope > 0 and p.company > 0 and p.own > 0 and l.listed > 0 and l.tokens > 0
