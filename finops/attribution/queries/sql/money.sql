-- Shared money (D) that no rule shared out has no team of its own: per month, vendor and provisional or not it is spread
-- over the teams by their A, B and C of the whole calendar month, by largest remainder. Without
-- such a base it stays without a team.
, inflow as (
    select bucket, month, vendor, is_provisional, sum(amount) as amount
    from spend
    where tier = 'D' and team_id is null and amount is not null
    group by bucket, month, vendor, is_provisional
), base as (
    select s.month, t.id as team_id, t.slug, sum(s.reporting_billed_nanos) as weight
    from attribution_spendmonth s
    join people_team t on t.id = s.team_id
    where s.tier in ('A', 'B', 'C') and s.month >= %(months_start)s and s.month < %(months_end)s
    group by s.month, t.id, t.slug
    having sum(s.reporting_billed_nanos) > 0
), part as (
    select i.bucket, i.month, i.vendor, i.is_provisional, i.amount, b.team_id, b.slug, b.weight,
           div(abs(i.amount) * b.weight, sum(b.weight) over pool) as whole,
           mod(abs(i.amount) * b.weight, sum(b.weight) over pool) as rest
    from inflow i
    left join base b using (month)
    window pool as (partition by i.bucket, i.month, i.vendor, i.is_provisional)
), ranked as (
    select part.*, abs(amount) - sum(whole) over pool as left_over,
           row_number() over (pool order by rest desc, weight desc, slug collate "C") as place
    from part
    window pool as (partition by bucket, month, vendor, is_provisional)
), money as (
    select bucket, team_id, vendor, model, tier, reason, kind, fate, is_provisional, amount
    from spend
    where (tier <> 'D' or team_id is not null) and amount is not null
    union all
    select bucket, team_id, vendor, '', 'D', '', '', 'overhead', is_provisional,
           case when team_id is null then amount
                else sign(amount) * (whole + (place <= left_over)::int)
           end
    from ranked
)
