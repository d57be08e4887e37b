-- For each unknown login: the known e-mails that stand on the same work as authors or committers.
with mine as (
    select distinct p.actor as name, p.item_id
    from outcomes_workitemperson p
    where p.actor = any(%(names)s::text[]) and p.role in ('author', 'committer')
), counted as (
    select name, count(*) as items from mine group by name
)
select m.name, lower(o.actor), count(distinct m.item_id), c.items
from mine m
join counted c using (name)
join outcomes_workitemperson o on o.item_id = m.item_id and o.role in ('author', 'committer')
 and o.actor like '%%@%%' and o.actor <> m.name
group by m.name, lower(o.actor), c.items
