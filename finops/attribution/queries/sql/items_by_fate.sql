select fate, count(*), sum(nanos)::bigint from found group by fate
