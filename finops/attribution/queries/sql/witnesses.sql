-- Who saw what a bill line paid for: every log of its days, with what it saw and how much of that
-- counted, and every bill of the same account and period, of which one is the money.
with line as (
    select (c.charge_period_start at time zone 'UTC')::date as first_day,
           ((c.charge_period_end - interval '1 us') at time zone 'UTC')::date as last_day,
           lower(c.model) as model,
           case when c.meter in ('input', 'cached_input', 'cache_write', 'output') then '' else c.meter end as meter, c.sub_account_id, c.charge_category, s.source_id,
           s.billing_scope_id, b.feed_id, b.feed_document
    from ledger_charge c
    join ledger_slice s on s.id = c.slice_id
    left join ledger_billingscope b on b.id = s.billing_scope_id
    where c.charged_on = %(charged_on)s and c.id = %(charge_id)s
), seen as (
    select 'bill' as role, p.source_id, 0 as saw, 0 as counted, bool_or((p.source_id, p.document) = (l.feed_id, l.feed_document)) as is_money
    from line l
    join ledger_slice p on p.billing_scope_id = l.billing_scope_id and p."table" = 'charge'
        and p.superseded_at is null and p.first_day <= l.last_day and p.last_day >= l.first_day
    group by p.source_id
    union all
    select 'log', d.log_source_id, sum(d.measure), sum(d.measure * d.factor), false
    from line l
    join attribution_logday d on d.scope_key = 'source:' || l.source_id
        and d.day between l.first_day and l.last_day
        and (l.model = '' or d.model = l.model) and d.meter = l.meter
        and (l.sub_account_id = '' or d.sub_account_id in (l.sub_account_id, ''))
    where l.charge_category = 'Usage'
    group by d.log_source_id
)
select role, s.key, s.name, saw, counted, is_money
from seen
join ledger_source s on s.id = seen.source_id
order by role, is_money desc, counted desc, s.key
