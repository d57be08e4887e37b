-- The period's allocations with the letter of their tier, their fate and the amount asked for.
with allocated as not materialized (
    select a.*, left(a.tier, 1) as letter,
           case left(a.tier, 1)
               when 'C' then 'pooled'
               when 'D' then 'overhead'
               when 'E' then 'unattributed'
               else coalesce(f.fate, 'in_progress')
           end as fate,
           case when %(effective)s then a.reporting_effective_nanos
                else a.reporting_billed_nanos
           end as amount
    from attribution_allocation a
    left join attribution_itemfate f on f.item_id = a.item_id
    where a.day >= %(start)s and a.day < %(end)s
)
