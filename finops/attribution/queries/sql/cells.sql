-- Allocations behind a figure. Shared cells belong to no team: they are listed when no team is
-- asked for, or when shared money is.
, found as (
    select a.id, a.day, a.team_id, a.letter, a.reason, a.fate, a.item_id, a.amount, a.currency,
           case when %(effective)s then a.effective_nanos else a.billed_nanos end as own_amount,
           abs(coalesce(a.amount, 0)) as size, c.vendor, c.model, c.meter, c.project,
           c.is_provisional, c.charged_on, c.charge_id, c.occurred_on, c.usage_id, s.name as source
    from allocated a
    join attribution_cell c on c.id = a.cell_id
    join ledger_source s on s.id = c.source_id
    where case
              when a.letter = 'D' then %(wants_shared)s
              else (%(teams)s::bigint[] is null or a.team_id = any(%(teams)s::bigint[]))
                   and (%(team)s::bigint is null or a.team_id = %(team)s::bigint)
                   and (not %(no_team)s or a.team_id is null)
          end
      and (%(vendor)s = '' or c.vendor = %(vendor)s)
      and (%(tier)s = '' or a.letter = %(tier)s)
      and (%(fate)s = '' or a.fate = %(fate)s)
      and (%(reason)s = '' or a.reason = %(reason)s)
      and (%(model)s = '' or c.model = %(model)s)
      and (%(source)s = '' or s.key = %(source)s)
      and (%(item)s::bigint is null or a.item_id = %(item)s::bigint)
      and (%(charge)s::bigint is null or c.charge_id = %(charge)s::bigint)
      and (%(is_provisional)s::boolean is null or c.is_provisional = %(is_provisional)s::boolean)
)
