-- Who pays which vendor how much, shared money spread as the reports do; and, apart, money that
-- has no rate into the reporting currency, in its own.
select team_id, vendor, is_provisional, null as currency, sum(amount)::bigint as nanos
from money
group by team_id, vendor, is_provisional
union all
select team_id, vendor, is_provisional, currency, sum(own_amount)::bigint
from spend
where amount is null
group by team_id, vendor, is_provisional, currency
