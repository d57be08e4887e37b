-- The work items that A and B cells of the period reached, with what they received.
with found as (
    select w.id, w.kind, w.key, w.external_id, w.title, w.url, w.state, w.created_at,
           w.started_at, w.completed_at, w.closed_at, w.size_added, w.size_deleted,
           coalesce(f.fate, 'in_progress') as fate, d.nanos, d.tiers
    from (
        select item_id,
               coalesce(sum(case when %(effective)s then reporting_effective_nanos
                                 else reporting_billed_nanos end), 0)::bigint as nanos,
               case when bool_and(tier = 'B') then 'B' when bool_or(tier = 'B') then 'A+B'
                    else 'A' end as tiers
        from attribution_itemday
        where day >= %(start)s and day < %(end)s
          and (%(teams)s::bigint[] is null or exists (
              select from unnest(%(asked_teams)s::bigint[], %(asked_starts)s::date[],
                                 %(asked_ends)s::date[]) k (team, start, "end")
              where k.team = team_id and day >= k.start and day < k."end"))
        group by item_id
    ) d
    join outcomes_workitem w on w.id = d.item_id
    left join attribution_itemfate f on f.item_id = w.id
    where (%(kind)s = '' or w.kind = %(kind)s)
      and (%(search)s = '' or position(lower(%(search)s) in lower(w.title)) > 0
           or position(lower(%(search)s) in lower(w.external_id)) > 0)
)
