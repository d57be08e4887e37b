-- What an item says of others and others of it, with their direct cost.
with links as (
    select l.link_type as said, t.id
    from outcomes_workitemlink l
    join outcomes_workitem t on t.kind = l.target_kind and t.key = l.target_key
    where l.item_id = %(item)s
    union
    select l.link_type || ' this', l.item_id
    from outcomes_workitemlink l
    join outcomes_workitem w on w.kind = l.target_kind and w.key = l.target_key
    where w.id = %(item)s
)
select l.said, w.id, w.external_id,
       coalesce(sum(case when %(effective)s then o.effective_nanos else o.billed_nanos end), 0)::bigint
from links l
join outcomes_workitem w on w.id = l.id
left join attribution_outcomecost o on o.item_id = w.id
where w.id <> %(item)s
group by l.said, w.id, w.external_id
order by l.said, w.id
