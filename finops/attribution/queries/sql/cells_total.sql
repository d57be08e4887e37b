select count(*), coalesce(sum(amount), 0)::bigint from found
