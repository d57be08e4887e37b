-- The period's money that no team pays, and that waits for one: shared money waits for nobody.
select coalesce(sum(reporting_billed_nanos), 0)::bigint
from attribution_teamday
where day >= %(start)s and day < %(end)s and team_id is null and tier <> 'D'
