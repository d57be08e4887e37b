-- Money by the person whose usage caused it. Shared money is nobody's and stays out.
select c.person_id, coalesce(nullif(p.name, ''), p.email), p.email, a.team_id, a.letter, a.reason,
       a.fate, c.is_provisional, sum(a.amount)::bigint
from allocated a
join attribution_cell c on c.id = a.cell_id
left join people_person p on p.id = c.person_id
where a.letter <> 'D' and a.amount is not null
  and (%(teams)s::bigint[] is null or a.team_id = any(%(teams)s::bigint[]))
group by c.person_id, p.name, p.email, a.team_id, a.letter, a.reason, a.fate, c.is_provisional
