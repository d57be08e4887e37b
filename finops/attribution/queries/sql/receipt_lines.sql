-- The cells that reached an item, per rule, payer, charge (or log line, without a bill), model,
-- meter and day. A cell split between items brings that part of its quantity and list cost.
with pieces as (
    select a.tier, a.team_id, a.day, c.vendor, c.model, c.meter, c.source_id, c.session,
           c.is_provisional, c.charged_on, c.charge_id, c.occurred_on, c.usage_id, c.rule_id,
           case when %(effective)s then a.reporting_effective_nanos
                else a.reporting_billed_nanos end as nanos,
           case when c.billed_nanos <> 0 then a.billed_nanos::numeric / c.billed_nanos
                when c.effective_nanos <> 0 then a.effective_nanos::numeric / c.effective_nanos
           end as part,
           case when c.currency = %(currency)s then 1 else c.fx_rate end as rate, c.currency
    from attribution_allocation a
    join attribution_cell c on c.id = a.cell_id
    where a.item_id = %(item)s
), measured as (
    select p.*, coalesce(h.slice_id, u.slice_id) as slice_id,
           case when h.id is null then u.line else h.line end as line,
           p.part * case
               when u.id is null then h.consumed_quantity
               when p.meter = 'input' then u.input_tokens
               when p.meter = 'cached_input' then u.cached_input_tokens
               when p.meter = 'cache_write' then u.cache_write_tokens
               when p.meter = 'output' then u.output_tokens
               when p.meter = 'requests' then u.requests
               when p.meter = '' then coalesce(u.input_tokens, 0)
                   + coalesce(u.cached_input_tokens, 0) + coalesce(u.cache_write_tokens, 0)
                   + coalesce(u.output_tokens, 0)
           end as quantity,
           p.part * p.rate * case
               when u.id is null then h.list_cost
               when u.list_currency <> p.currency then null
               when p.meter = 'input' then u.input_list_cost
               when p.meter = 'cached_input' then u.cached_input_list_cost
               when p.meter = 'cache_write' then u.cache_write_list_cost
               when p.meter = 'output' then u.output_list_cost
               when p.meter = '' then u.list_cost
           end as listed
    from pieces p
    left join ledger_charge h on h.charged_on = p.charged_on and h.id = p.charge_id
    left join ledger_usage u on u.occurred_on = p.occurred_on and u.id = p.usage_id
)
select m.tier, m.team_id, m.day, m.vendor, m.model, m.meter, m.is_provisional, m.charged_on,
       m.charge_id, min(m.line) as line, i.filename, s.name as source,
       coalesce(sum(m.nanos), 0)::bigint as nanos,
       nullif(round(sum(m.quantity)), 0) as quantity,
       case when bool_and(m.listed is not null) then round(sum(m.listed) * 1000000000)::bigint
       end as list_nanos,
       array_agg(distinct m.session) filter (where m.session <> '') as sessions,
       r.number as rule_number, r.name as rule_name, r.version as rule_version
from measured m
left join ledger_slice l on l.id = m.slice_id
left join ledger_import i on i.id = l.import_id
left join ledger_source s on s.id = m.source_id
left join attribution_allocationrule r on r.id = m.rule_id
group by m.tier, m.team_id, m.day, m.vendor, m.model, m.meter, m.is_provisional, m.charged_on,
         m.charge_id, i.filename, s.name, r.number, r.name, r.version
order by m.tier, m.day, m.vendor, m.model, m.meter, m.charge_id, line, rule_number, rule_version
