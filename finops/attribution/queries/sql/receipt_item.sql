-- One work item, the team with most of its credit, every team's, and its direct cost of any date.
with page as (
    select w.*, coalesce(f.fate, 'in_progress') as fate,
           (select t.team_id from attribution_itemteam t where t.item_id = w.id
            order by t.credit_ppm desc, t.team_id limit 1) as payee_id,
           (select array_agg(array[t.team_id, t.credit_ppm]) from attribution_itemteam t
            where t.item_id = w.id and t.team_id is not null and t.credit_ppm > 0) as credits,
           (select sum(case when %(effective)s then o.effective_nanos else o.billed_nanos end)
            from attribution_outcomecost o where o.item_id = w.id)::bigint as nanos
    from outcomes_workitem w
    left join attribution_itemfate f on f.item_id = w.id
    where w.id = %(item)s
)
