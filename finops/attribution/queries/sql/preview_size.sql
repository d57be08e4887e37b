-- How many pieces would move, and how much money changes its payer.
SELECT count(DISTINCT place), coalesce(sum(greatest(then_ - now, 0)), 0)::bigint FROM preview_moved
