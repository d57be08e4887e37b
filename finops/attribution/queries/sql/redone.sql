-- Items of the period that were reverted, redo another, or were dropped, and what links them.
select d.item_id, f.fate, f.reverted_by_id, f.redoes_id,
       coalesce(sum(case when %(effective)s then d.reporting_effective_nanos
                         else d.reporting_billed_nanos end), 0)::bigint
from attribution_itemday d
join attribution_itemfate f on f.item_id = d.item_id
where f.fate in ('reverted', 'rework', 'abandoned') and d.day >= %(start)s and d.day < %(end)s
  and (%(teams)s::bigint[] is null or d.team_id = any(%(teams)s::bigint[]))
group by d.item_id, f.fate, f.reverted_by_id, f.redoes_id
