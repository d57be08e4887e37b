-- What was posted to the days of a period after a moment: by settle, day and who pays. Shared
-- money has no team of its own yet.
select p.run_id, p.known_at, r.is_full, r.causes, p.day, p.team_id, p.tier = 'D' as is_shared,
       sum(case when %(effective)s then p.reporting_effective_nanos
                else p.reporting_billed_nanos end)::bigint as nanos
from attribution_posting p
join attribution_postedrun r using (run_id)
where p.day >= %(start)s and p.day < %(end)s and p.known_at > %(after)s
group by p.run_id, p.known_at, r.is_full, r.causes, p.day, p.team_id, p.tier = 'D'
having sum(case when %(effective)s then p.reporting_effective_nanos
                else p.reporting_billed_nanos end) <> 0
order by p.run_id, p.day, p.tier = 'D', p.team_id nulls last
