-- The books as they were known at a moment: what was posted until then, under the names of the
-- rollups, so that every report reads one or the other with the same words.
with attribution_spendday as not materialized (
    select day, team_id, source_id, vendor, model, tier, reason, kind, fate, is_provisional,
           currency, sum(billed_nanos)::bigint as billed_nanos,
           sum(effective_nanos)::bigint as effective_nanos,
           case when has_rate then sum(reporting_billed_nanos)::bigint
           end as reporting_billed_nanos,
           case when has_rate then sum(reporting_effective_nanos)::bigint
           end as reporting_effective_nanos
    from attribution_posting
    where known_at <= %(known_on)s
    group by day, team_id, source_id, vendor, model, tier, reason, kind, fate, is_provisional,
             currency, has_rate
    having sum(rows) <> 0
), attribution_teamday as not materialized (
    select day, team_id, case when tier = 'D' or reason = 'no_base' then vendor else '' end as vendor,
           tier, reason, kind, fate, is_provisional, currency,
           sum(billed_nanos)::bigint as billed_nanos,
           sum(effective_nanos)::bigint as effective_nanos,
           sum(reporting_billed_nanos)::bigint as reporting_billed_nanos,
           sum(reporting_effective_nanos)::bigint as reporting_effective_nanos
    from attribution_spendday
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, reporting_billed_nanos is null
), attribution_spendmonth as (
    select date_trunc('month', day)::date as month, team_id, source_id, vendor, model, tier,
           reason, kind, fate, is_provisional, currency,
           sum(billed_nanos)::bigint as billed_nanos,
           sum(effective_nanos)::bigint as effective_nanos,
           sum(reporting_billed_nanos)::bigint as reporting_billed_nanos,
           sum(reporting_effective_nanos)::bigint as reporting_effective_nanos
    from attribution_spendday
    where day >= %(months_start)s and day < %(months_end)s
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, reporting_billed_nanos is null
), attribution_itemday as not materialized (
    select day, item_id, team_id, source_id, vendor, model, tier, is_provisional, currency,
           sum(billed_nanos)::bigint as billed_nanos,
           sum(effective_nanos)::bigint as effective_nanos,
           case when has_rate then sum(reporting_billed_nanos)::bigint
           end as reporting_billed_nanos,
           case when has_rate then sum(reporting_effective_nanos)::bigint
           end as reporting_effective_nanos
    from attribution_itemposting
    where known_at <= %(known_on)s
    group by day, item_id, team_id, source_id, vendor, model, tier, is_provisional, currency,
             has_rate
    having sum(rows) <> 0
), attribution_outcomecost as not materialized (
    select item_id, kind, completed_on, fate, team_id, sum(credit_ppm)::int as credit_ppm,
           sum(billed_nanos)::bigint as billed_nanos,
           sum(effective_nanos)::bigint as effective_nanos
    from attribution_outcomeposting
    where known_at <= %(known_on)s
    group by item_id, kind, completed_on, fate, team_id
    having sum(rows) <> 0
), attribution_outcomeday as not materialized (
    select completed_on, kind, team_id, count(*) filter (where credit_ppm > 0)::int as items,
           sum(credit_ppm) as credit_ppm,
           coalesce(sum(credit_ppm) filter (where fate = 'value'), 0) as value_ppm,
           sum(billed_nanos)::bigint as billed_nanos,
           sum(effective_nanos)::bigint as effective_nanos
    from attribution_outcomecost
    where completed_on is not null
    group by completed_on, kind, team_id
), item_known as (
    select distinct on (item_id) item_id, fate, reverted_by_id, redoes_id, item
    from attribution_itemknown
    where known_at <= %(known_on)s
    order by item_id, id desc
), attribution_itemfate as not materialized (
    select item_id, fate, reverted_by_id, redoes_id from item_known
), outcomes_workitem as not materialized (
    select w.*
    from item_known k
    cross join lateral jsonb_populate_record(null::outcomes_workitem, k.item) w
), people_team as (
    select (t ->> 0)::bigint as id, t ->> 1 as slug, t ->> 2 as name
    from jsonb_array_elements((
        select n.teams from attribution_namesknown n
        where n.known_at <= %(known_on)s order by n.id desc limit 1
    )) as t
)
