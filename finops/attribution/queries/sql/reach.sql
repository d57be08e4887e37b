-- The first and the last day that has money, and when the last settle ended.
select (select min(day) from attribution_spendday), (select max(day) from attribution_spendday),
       (select max(finished_at) from attribution_settlerun)
