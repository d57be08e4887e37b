-- What the team pools (C) of a period bring to each kind of item. A month's pool goes in equal
-- parts to the items the team finished in that calendar month; nanos left over go one each in
-- the order of (kind, key), so a kind's part follows from the numbers per kind alone.
, inflow_c as (
    select bucket, month, team_id, is_provisional, sum(amount) as amount
    from spend
    where tier = 'C' and amount is not null
      and (%(teams)s::bigint[] is null or team_id = any(%(teams)s::bigint[]))
    group by bucket, month, team_id, is_provisional
), finished as (
    select date_trunc('month', completed_on)::date as month, team_id, kind, sum(items) as items
    from attribution_outcomeday
    where items > 0 and completed_on >= %(months_start)s and completed_on < %(months_end)s
    group by 1, team_id, kind
), equal as (
    select p.bucket, p.team_id, f.kind, f.items, sign(p.amount) as sign,
           div(abs(p.amount), sum(f.items) over pool) as each_item,
           mod(abs(p.amount), sum(f.items) over pool) as left_over,
           sum(f.items) over (pool order by f.kind collate "C") - f.items as before
    from inflow_c p
    join finished f using (month, team_id)
    window pool as (partition by p.bucket, p.month, p.team_id, p.is_provisional)
), pooled as (
    select bucket, team_id, kind,
           sum(sign * (items * each_item + greatest(least(left_over - before, items), 0))) as nanos
    from equal
    group by bucket, team_id, kind
)
