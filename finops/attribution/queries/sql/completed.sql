-- What was completed in a period, by bucket, team and kind, with its direct cost of any date
-- and the sums over team-weeks and team-days that intervals need.
, judged as (
    -- The one day of completion per kind of which a part has proved itself by now.
    select kind, window_, (%(now)s - window_)::date as edge_on
    from unnest(%(kinds)s::text[], %(windows)s::interval[]) as k(kind, window_)
), edge as (
    select o.completed_on, o.kind, o.team_id, sum(o.credit_ppm) as matured,
           coalesce(sum(o.credit_ppm) filter (where o.fate = 'value'), 0) as durable
    from judged j
    join attribution_outcomecost o on o.kind = j.kind and o.completed_on = j.edge_on
    join outcomes_workitem w on w.id = o.item_id
    where o.completed_on >= %(start)s and o.completed_on < %(end)s
      and w.completed_at + j.window_ <= %(now)s
    group by o.completed_on, o.kind, o.team_id
), days as (
    select case when %(by_month)s then date_trunc('month', o.completed_on)::date
                else %(origin)s::date + (o.completed_on - %(origin)s::date) / %(step)s * %(step)s
           end as bucket,
           o.team_id, o.kind, o.completed_on, o.credit_ppm::numeric as n,
           case when %(effective)s then o.effective_nanos else o.billed_nanos end::numeric as c,
           case when o.completed_on < j.edge_on then o.credit_ppm
                when o.completed_on = j.edge_on then coalesce(e.matured, 0) else 0 end as matured,
           case when o.completed_on < j.edge_on then o.value_ppm
                when o.completed_on = j.edge_on then coalesce(e.durable, 0) else 0 end as durable
    from attribution_outcomeday o
    join judged j using (kind)
    left join edge e on e.completed_on = o.completed_on and e.kind = o.kind
        and e.team_id is not distinct from o.team_id
    where o.completed_on >= %(start)s and o.completed_on < %(end)s
      and (%(teams)s::bigint[] is null or o.team_id = any(%(teams)s::bigint[]))
), weeks as (
    select bucket, team_id, kind, sum(c) as c, sum(n) as n
    from days
    group by bucket, team_id, kind, date_trunc('week', completed_on)
), completed as (
    select bucket, team_id, kind, 'day' as unit, sum(matured) as matured, sum(durable) as durable,
           count(*) as units, sum(c) as c, sum(n) as n, sum(c * c) as cc, sum(n * n) as nn,
           sum(c * n) as cn
    from days
    group by bucket, team_id, kind
    union all
    select bucket, team_id, kind, 'week', 0, 0, count(*), sum(c), sum(n), sum(c * c), sum(n * n),
           sum(c * n)
    from weeks
    group by bucket, team_id, kind
)
