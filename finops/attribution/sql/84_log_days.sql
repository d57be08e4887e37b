-- What each log saw of every touched scope and day, and how much of it counts: all witnesses stay.
DELETE FROM attribution_logday d USING touched_scope_day t WHERE t.scope_key = d.scope_key AND t.day = d.day;
INSERT INTO attribution_logday (day, scope_key, model, meter, sub_account_id, log_source_id, document, measure, fineness, factor)
SELECT m.occurred_on, m.scope_key, m.model, m.meter, m.sub_account_id, m.log_source_id, m.document, round(m.measure, 18),
       round(m.fineness, 9), f.factor
FROM log_measure m
JOIN log_factor f USING (scope_key, occurred_on, model, meter, sub_account_id, log_source_id, document);
