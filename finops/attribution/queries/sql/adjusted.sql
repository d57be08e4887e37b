-- What came after each closing that holds, in one row per closing: lines, their sum, the last.
select closing_id, count(*), sum(nanos)::bigint, max(known_at)
from (
    select c.id as closing_id, max(p.known_at) as known_at,
           sum(p.reporting_billed_nanos) as nanos
    from attribution_closing c
    join attribution_posting p
        on p.day >= c.month and p.day < c.month + interval '1 month' and p.known_at > c.known_at
    where c.reopened_at is null and (%(month)s::date is null or c.month = %(month)s)
    group by c.id, p.run_id, p.day, p.team_id, p.tier = 'D'
    having sum(p.reporting_billed_nanos) <> 0
) changes
group by closing_id
