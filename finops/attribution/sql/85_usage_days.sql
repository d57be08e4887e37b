-- What the logs saw of each bill per day and model in tokens, at list price: the ground for "bill against
-- usage" and for telling prices from the mix of models. The evidence holds whole scopes and days.
DELETE FROM attribution_usageday d USING touched_scope_day t
WHERE t.scope_key = 'source:' || d.source_id AND t.day = d.day;
INSERT INTO attribution_usageday (day, source_id, model, currency, tokens, list_nanos)
SELECT occurred_on, scope_source_id, model, list_currency, round(sum(factor * tokens)),
       CASE WHEN bool_and(list_cost IS NOT NULL) THEN round(sum(factor * list_cost) * 1000000000) END
FROM evidence
WHERE scope_source_id IS NOT NULL AND meter = ''
GROUP BY occurred_on, scope_source_id, model, list_currency;
