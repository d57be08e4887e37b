-- How long the pull requests merged in a period took, part by part, in whole minutes rounded up.
-- A part whose end lies before its start is not known.
with merged as (
    select w.started_at, w.created_at, w.first_review_at, w.completed_at
    from outcomes_workitem w
    where w.id in (
        select o.item_id from attribution_outcomecost o
        where o.completed_on >= %(start)s and o.completed_on < %(end)s
          and o.kind = 'pull_request' and o.credit_ppm > 0
          and (%(teams)s::bigint[] is null or o.team_id = any(%(teams)s::bigint[]))
    )
), parts as (
    select p.place, p.part, ceil(extract(epoch from p.till - p.since) / 60)::bigint as minutes
    from merged m
    cross join lateral (
        values (1, 'coding', m.started_at, m.created_at),
               (2, 'pickup', m.created_at, m.first_review_at),
               (3, 'review', m.first_review_at, m.completed_at)
    ) p (place, part, since, till)
    where p.till >= p.since
)
select part, count(*), percentile_disc(0.5) within group (order by minutes),
       percentile_disc(0.9) within group (order by minutes)
from parts
group by place, part
order by place
