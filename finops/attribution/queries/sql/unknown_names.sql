-- Names nobody owns, by dollars at stake: first the money that no team pays, then all of it; beside
-- each how many wait in all, and how many are idle: nothing is at stake with them.
-- A name that somebody has just decided on waits for the settle, no longer for an owner.
with decided as materialized (
    select lower(ref) as name from attribution_dirty where what = 'actor'
    union
    select lower(substr(ref, position(':' in ref) + 1)) from attribution_dirty where what = 'actor'
), named as (
    select field, name, sum(cells)::bigint as cells, sum(reporting_nanos)::bigint as nanos,
           sum(teamless_nanos)::bigint as teamless, array_agg(distinct vendor order by vendor) as vendors,
           min(day) as first_on, max(day) as last_on
    from attribution_nameday
    where day >= %(start)s and day < %(end)s
    group by field, name
), seen as (
    select 'actor'::text as field, name, items, first_on, last_on
    from attribution_actorseen
    where (last_on is null or last_on >= %(start)s) and (first_on is null or first_on < %(end)s)
), queue as (
    select field, name, coalesce(n.vendors, '{}') as vendors, coalesce(n.cells, 0) as cells,
           coalesce(n.nanos, 0) as nanos, coalesce(n.teamless, 0) as teamless, coalesce(s.items, 0) as items,
           least(n.first_on, s.first_on) as first_on, greatest(n.last_on, s.last_on) as last_on
    from named n
    full join seen s using (field, name)
), asked as (
    select *, teamless = 0 and items = 0 as is_idle from queue
    where not exists (select from decided d where d.name = queue.name)
      and (%(field)s = '' or field = %(field)s)
      and (%(search)s = '' or position(lower(%(search)s) in name) > 0)
      and (%(names)s::text[] is null or field || ' ' || name = any(%(names)s::text[]))
), counted as (
    select count(*) filter (where not is_idle) as waiting, count(*) filter (where is_idle) as idle from asked
), page as (
    select field, name, vendors, cells, nanos, teamless, items, first_on, last_on
    from asked
    where (%(is_idle)s::boolean is null or is_idle = %(is_idle)s::boolean)
      and (not %(has_after)s
           or (-teamless, -nanos, -items, field, name)
              > (-%(a_teamless)s::bigint, -%(a_nanos)s::bigint, -%(a_items)s::bigint, %(a_field)s, %(a_name)s))
    order by -teamless, -nanos, -items, field, name
    limit %(limit)s
)
select page.*, counted.waiting, counted.idle
from counted
left join page on true
order by -teamless, -nanos, -items, field, name
