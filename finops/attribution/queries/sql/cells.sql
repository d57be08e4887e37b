-- Allocations behind a figure. Shared cells (D) that no rule shared out belong to no team: when teams are asked for, they
-- are listed with the part that these teams bear in the cell's month, so that a team's lines sum
-- to its spend.
, base as (
    select month, team_id, sum(reporting_billed_nanos) as weight
    from attribution_spendmonth
    where tier in ('A', 'B', 'C') and team_id is not null
      and month >= %(months_start)s and month < %(months_end)s
    group by month, team_id
    having sum(reporting_billed_nanos) > 0
), asked as (
    -- Which teams are asked for on which days: other ones before and after the tree changed.
    select t.team, t.start, t."end"
    from unnest(%(asked_teams)s::bigint[], %(asked_starts)s::date[], %(asked_ends)s::date[])
        t (team, start, "end")
), share as (
    select k.start, k."end", b.month, sum(b.weight) filter (where b.team_id = k.team)
               / (select sum(weight) from base o where o.month = b.month) as part
    from asked k cross join base b
    group by k.start, k."end", b.month
), borne as (
    select a.*, case when a.letter = 'D' and a.team_id is null and %(asked_teams)s::bigint[] is not null
                     then coalesce(share.part, 0) else 1 end as part
    from allocated a
    left join share on share.month = date_trunc('month', a.day)::date
        and a.day >= share.start and a.day < share."end"
), found as (
    select a.id, a.day, a.team_id, a.letter, a.reason, a.fate, a.item_id, a.currency,
           round(a.amount * a.part)::bigint as amount,
           round(case when %(effective)s then a.effective_nanos else a.billed_nanos end
                 * a.part)::bigint as own_amount,
           abs(coalesce(round(a.amount * a.part)::bigint, 0)) as size, c.vendor, c.model, c.meter,
           c.project, c.is_provisional, c.charged_on, c.charge_id, c.occurred_on, c.usage_id,
           c.paid_by, c.rule_id,
           s.name as source
    from borne a
    join attribution_cell c on c.id = a.cell_id
    join ledger_source s on s.id = c.source_id
    where case
              when a.letter = 'D' and a.team_id is null then %(wants_shared)s and a.part > 0
              else (%(teams)s::bigint[] is null or exists (
                       select from asked k
                       where k.team = a.team_id and a.day >= k.start and a.day < k."end"))
                   and (%(team)s::bigint is null or a.team_id = %(team)s::bigint)
                   and (not %(no_team)s or a.team_id is null)
          end
      and (%(vendor)s = '' or c.vendor = %(vendor)s)
      and (%(tier)s = '' or strpos(%(tier)s, a.letter) > 0)
      and (%(fate)s = '' or a.fate = any(string_to_array(%(fate)s, ',')))
      and (%(reason)s = '' or a.reason = %(reason)s)
      and (%(model)s = '' or c.model = %(model)s)
      and (%(source)s = '' or s.key = %(source)s)
      and (%(item)s::bigint is null or a.item_id = %(item)s::bigint)
      and (%(charge)s::bigint is null or c.charge_id = %(charge)s::bigint)
      and (%(is_provisional)s::boolean is null or c.is_provisional = %(is_provisional)s::boolean)
)
