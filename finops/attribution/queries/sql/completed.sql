-- What was completed in a period, by bucket, team and kind, with its direct cost of any date
-- and the sums over team-weeks and team-days that intervals need.
with done as (
    select case when %(by_month)s then date_trunc('month', o.completed_on)::date
                else %(start)s::date + (o.completed_on - %(start)s::date) / %(step)s * %(step)s
           end as bucket,
           o.team_id, o.kind, o.completed_on, o.fate, o.credit_ppm,
           case when %(effective)s then o.effective_nanos else o.billed_nanos end as nanos,
           case
               when o.completed_on + interval '1 day' + k.window_ <= %(now)s then true
               when o.completed_on + k.window_ > %(now)s then false
               -- Only for items on the edge does the time of day decide.
               else (select w.completed_at + k.window_ <= %(now)s
                     from outcomes_workitem w where w.id = o.item_id)
           end as is_mature
    from attribution_outcomecost o
    join unnest(%(kinds)s::text[], %(windows)s::interval[]) as k(kind, window_) using (kind)
    where o.completed_on >= %(start)s and o.completed_on < %(end)s
      and (%(teams)s::bigint[] is null or o.team_id = any(%(teams)s::bigint[]))
), days as (
    select bucket, team_id, kind, completed_on, sum(nanos) as c, sum(credit_ppm) as n,
           coalesce(sum(credit_ppm) filter (where is_mature), 0) as matured,
           coalesce(sum(credit_ppm) filter (where is_mature and fate = 'value'), 0) as durable
    from done
    group by bucket, team_id, kind, completed_on
), weeks as (
    select bucket, team_id, kind, sum(c) as c, sum(n) as n, sum(matured) as matured,
           sum(durable) as durable
    from days
    group by bucket, team_id, kind, date_trunc('week', completed_on)
), units as (
    select 'day' as unit, bucket, team_id, kind, c, n, matured, durable from days
    union all
    select 'week', bucket, team_id, kind, c, n, matured, durable from weeks
)
select bucket, team_id, kind, unit, sum(matured)::bigint, sum(durable)::bigint, count(*),
       sum(c), sum(n), sum(c * c), sum(n * n), sum(c * n)
from units
group by bucket, team_id, kind, unit
