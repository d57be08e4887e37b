, page as (
    select * from found
    where %(after_size)s::bigint is null
       or size < %(after_size)s::bigint
       or (size = %(after_size)s::bigint and id > %(after_id)s::bigint)
    order by size desc, id
    limit %(limit)s
)
select page.*, w.external_id as item, i.filename, coalesce(h.line, u.line) as line,
       r.number as rule_number, r.name as rule_name, r.version as rule_version
from page
left join outcomes_workitem w on w.id = page.item_id
left join ledger_charge h on h.charged_on = page.charged_on and h.id = page.charge_id
left join ledger_usage u on page.charge_id is null
    and u.occurred_on = page.occurred_on and u.id = page.usage_id
left join ledger_slice l on l.id = coalesce(h.slice_id, u.slice_id)
left join ledger_import i on i.id = l.import_id
left join attribution_allocationrule r on r.id = page.rule_id
order by page.size desc, page.id
