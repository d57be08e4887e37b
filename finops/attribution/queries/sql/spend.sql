, spend as (
    select p.*,
           case when %(by_month)s then date_trunc('month', p.day)::date
                else %(origin)s::date + (p.day - %(origin)s::date) / %(step)s * %(step)s
           end as bucket,
           date_trunc('month', p.day)::date as month,
           case when %(effective)s then p.reporting_effective_nanos
                else p.reporting_billed_nanos
           end as amount,
           case when %(effective)s then p.effective_nanos else p.billed_nanos end as own_amount
    from pieces p
)
