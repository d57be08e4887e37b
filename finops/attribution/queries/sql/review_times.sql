-- How long the pull requests merged in a period took, part by part, in whole minutes rounded up.
-- A part whose end lies before its start is not known; the whole is the sum of what is known.
with merged as (
    select w.started_at, w.created_at, w.first_review_at, w.completed_at, w.deployed_at
    from outcomes_workitem w
    where w.id in (
        select o.item_id from attribution_outcomecost o
        where o.completed_on >= %(start)s and o.completed_on < %(end)s
          and o.kind = 'pull_request' and o.credit_ppm > 0
          and (%(teams)s::bigint[] is null or o.team_id = any(%(teams)s::bigint[]))
    )
), spans as (
    select created_at - started_at as coding, first_review_at - created_at as pickup,
           completed_at - first_review_at as review, deployed_at - completed_at as deploy,
           completed_at - created_at as to_merge
    from merged
), timed as (
    select case when coding >= interval '0' then ceil(extract(epoch from coding) / 60)::bigint end as coding,
           case when pickup >= interval '0' then ceil(extract(epoch from pickup) / 60)::bigint end as pickup,
           case when review >= interval '0' then ceil(extract(epoch from review) / 60)::bigint end as review,
           case when deploy >= interval '0' then ceil(extract(epoch from deploy) / 60)::bigint end as deploy,
           case when to_merge >= interval '0' then ceil(extract(epoch from to_merge) / 60)::bigint end as to_merge
    from spans
), parts as (
    select p.place, p.part, p.minutes
    from timed t
    cross join lateral (
        values (1, 'coding', t.coding), (2, 'pickup', t.pickup), (3, 'review', t.review), (4, 'deploy', t.deploy),
               (5, 'cycle', t.to_merge + coalesce(t.coding, 0) + coalesce(t.deploy, 0))
    ) p (place, part, minutes)
    where p.minutes is not null
)
select part, count(*), percentile_disc(0.5) within group (order by minutes),
       percentile_disc(0.9) within group (order by minutes)
from parts
group by place, part
order by place
