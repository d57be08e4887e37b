-- The money of a period with vendors, models and sources: whole months from the monthly
-- rollup, other days from the daily one.
with pieces as not materialized (
    select month as day, team_id, source_id, vendor, model, tier, reason, kind, fate,
           is_provisional, currency, billed_nanos, effective_nanos, reporting_billed_nanos,
           reporting_effective_nanos
    from attribution_spendmonth
    where month >= %(whole_start)s and month < %(whole_end)s
    union all
    select day, team_id, source_id, vendor, model, tier, reason, kind, fate,
           is_provisional, currency, billed_nanos, effective_nanos, reporting_billed_nanos,
           reporting_effective_nanos
    from attribution_spendday
    where (day >= %(start)s and day < %(whole_start)s) or (day >= %(whole_end)s and day < %(end)s)
)
