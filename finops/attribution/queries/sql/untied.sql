-- Unattributed money of the period by reason and by what would have to be named or connected.
-- People appear without names: whoever maps them sees the names in the queue of identities.
select a.reason,
       case
           when a.reason = 'unmapped_repo' then 'repository ' || c.repo
           when a.reason = 'excluded' then 'marked as excluded'
           when a.reason = 'no_base' then 'shared money of a month without direct cost'
           when a.reason = 'no_outcome_in_period' then 'people without an item'
           when c.api_key <> '' then 'key ending ' || right(c.api_key, 4)
           when c.actor <> '' then 'people nobody has mapped'
           when c.project <> '' then 'project ' || c.project
           when c.sub_account_id <> '' then 'account ' || c.sub_account_id
           else 'money that names nobody'
       end as what,
       coalesce(sum(a.amount), 0)::bigint, count(distinct a.cell_id)
from allocated a
join attribution_cell c on c.id = a.cell_id
where a.letter = 'E' and a.item_id is null
  and (%(teams)s::bigint[] is null or a.team_id = any(%(teams)s::bigint[]))
group by a.reason, what
order by 3 desc, a.reason, what
