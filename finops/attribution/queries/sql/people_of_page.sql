select page.*, coalesce(people.number, 0) as people
from page
left join lateral (
    select count(distinct coalesce(i.person_id::text, p.id::text, lower(a.actor))) as number
    from outcomes_workitemperson a
    left join people_identity i
        on i.namespace = split_part(a.actor, ':', 1) and i.person_id is not null
        and i.external_id = substr(a.actor, position(':' in a.actor) + 1)
    left join people_person p on p.email = lower(a.actor)
    where a.item_id = page.id and a.role not in ('reviewer', 'merger')
) people on true
order by page.nanos desc, page.kind collate "C", page.key collate "C"
