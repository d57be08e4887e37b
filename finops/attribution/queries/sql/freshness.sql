-- How far each source reaches: its booked bill; else its logs; else the work it told us of last.
with parts as (
    select l.source_id, bool_or(l."table" = 'charge') as has_bill,
           bool_or(l."table" = 'usage') as has_usage, max(l.last_day) as last_day,
           max(l.last_day) filter (where (b.feed_id, b.feed_document) = (l.source_id, l.document)) as billed_to,
           avg((l.first_day = l.last_day)::int) > 0.5 as is_daily
    from ledger_slice l
    left join ledger_billingscope b on b.id = l.billing_scope_id
    where l.superseded_at is null
    group by l.source_id
)
select s.id, s.key, s.name, s.connector, coalesce(p.has_bill, false), coalesce(p.has_usage, false),
       work.told_at is not null,
       coalesce(p.billed_to, p.last_day, (work.told_at at time zone 'UTC')::date),
       s.is_scheduled or coalesce(p.is_daily, false)
from ledger_source s
left join parts p on p.source_id = s.id
left join lateral (
    select max(version_at) as told_at
    from (
        select e.version_at from outcomes_workitemevidence e
        where e.source_id = s.id order by e.id desc limit 200
    ) latest
) work on true
where s.is_scheduled or p.source_id is not null or work.told_at is not null
order by s.name, s.id
