-- Every touched charge that still books money, day by day, and the usage rows it paid for: same
-- scope and day, and the same sub account, person, key, model, tier and provider wherever the charge
-- names them. Rows of a log that do not say are taken only when no row of that log says it.
-- A row about a use that is no tokens (web_search, images) answers charges of that meter and those
-- that name none. Training and machines are nobody's use of a model: no log of calls says whose.
CREATE TEMP TABLE charge_due ON COMMIT DROP AS
SELECT c.*, b.source_id, lower(c.model) AS charge_model
FROM (SELECT DISTINCT charged_on, id FROM touched_charge) t
JOIN ledger_charge c ON c.charged_on = t.charged_on AND c.id = t.id
JOIN booked_slice b ON b.id = c.slice_id;

CREATE TEMP TABLE charge_day ON COMMIT DROP AS
SELECT c.charged_on, c.id, c.source_id, c.charge_model, c.sub_account_id, c.api_key, c.service_tier, c.provider,
       lower(c.actor) AS actor, c.meter, c.charge_period_start, c.charge_period_end, day::date AS day
FROM charge_due c
CROSS JOIN LATERAL generate_series(c.charge_period_start::date, (c.charge_period_end - interval '1 us')::date,
                                   interval '1 day') AS day
WHERE c.charge_category = 'Usage' AND c.ai_class NOT IN ('training', 'infrastructure') AND c.source_id IN (SELECT scope_source_id FROM evidence);
ANALYZE charge_day;

CREATE TEMP TABLE candidate ON COMMIT DROP AS
SELECT c.charged_on, c.id AS charge_id, e.occurred_on, e.id AS usage_id, e.natural_key, e.factor, e.log_source_id, e.document, e.tokens, e.list_cost,
       e.requests, c.meter, CASE WHEN c.meter <> '' AND c.meter = e.meter THEN e.quantity END AS quantity,
       CASE c.meter WHEN 'input' THEN e.input_tokens WHEN 'cached_input' THEN e.cached_input_tokens
            WHEN 'cache_write' THEN e.cache_write_tokens WHEN 'output' THEN e.output_tokens END AS meter_tokens,
       CASE c.meter WHEN 'input' THEN e.input_list_cost WHEN 'cached_input' THEN e.cached_input_list_cost
            WHEN 'cache_write' THEN e.cache_write_list_cost WHEN 'output' THEN e.output_list_cost END AS meter_list_cost,
       (c.sub_account_id <> '' AND e.sub_account_id = '')::int + (c.actor <> '' AND e.actor = '')::int + (c.api_key <> '' AND e.api_key = '')::int
           + (c.service_tier <> '' AND e.service_tier = '')::int + (c.charge_model <> '' AND e.model = '')::int
           + (c.meter NOT IN ('', 'input', 'cached_input', 'cache_write', 'output') AND e.meter = '')::int AS unsaid
FROM charge_day c
JOIN evidence e ON e.scope_source_id = c.source_id AND e.occurred_on = c.day
 AND (c.charge_model = '' OR e.model = c.charge_model)
 AND (c.sub_account_id = '' OR e.sub_account_id IN (c.sub_account_id, ''))
 AND (c.actor = '' OR e.actor IN (c.actor, ''))
 AND (c.api_key = '' OR e.api_key IN (c.api_key, ''))
 AND (c.service_tier = '' OR e.service_tier IN (c.service_tier, ''))
 AND (c.provider = '' OR e.provider IN (c.provider, ''))
 AND (c.meter = '' OR e.meter IN (c.meter, ''))
 AND (e.grain = 'day' OR (e.occurred_at >= c.charge_period_start - interval '1 hour' + interval '1 us'
                          AND e.occurred_at < c.charge_period_end));

-- What a usage row weighs: its list cost of the charge's meter; tokens when a row has no price.
CREATE TEMP TABLE weighed ON COMMIT DROP AS
SELECT charged_on, charge_id, occurred_on, usage_id, natural_key, is_unpriced,
       round(factor * CASE basis WHEN 'quantity' THEN quantity WHEN 'meter_list' THEN meter_list_cost WHEN 'meter_tokens' THEN meter_tokens
                                 WHEN 'list' THEN list_cost WHEN 'tokens' THEN tokens
                                 WHEN 'requests' THEN requests ELSE 1 END, 24) AS weight
FROM (
    SELECT *,
           CASE WHEN has_quantity THEN 'quantity'
                WHEN has_meter AND meter_priced THEN 'meter_list' WHEN has_meter THEN 'meter_tokens'
                WHEN priced THEN 'list' WHEN has_tokens THEN 'tokens' WHEN has_requests THEN 'requests' ELSE 'one' END AS basis,
           CASE WHEN has_quantity THEN false WHEN has_meter THEN NOT meter_priced ELSE NOT priced END AS is_unpriced
    FROM (
        SELECT *,
               coalesce(sum(quantity) OVER w > 0, false) AS has_quantity,
               sum(meter_tokens) OVER w > 0 AS has_meter,
               bool_and(meter_list_cost IS NOT NULL OR coalesce(meter_tokens, 0) = 0) OVER w
                   AND sum(meter_list_cost) OVER w > 0 AS meter_priced,
               bool_and(list_cost IS NOT NULL) OVER w AND sum(list_cost) OVER w > 0 AS priced,
               sum(tokens) OVER w > 0 AS has_tokens,
               sum(requests) OVER w > 0 AS has_requests
        FROM (
            SELECT *, min(unsaid) OVER (PARTITION BY charged_on, charge_id, log_source_id, document) AS least FROM candidate
        ) c
        WHERE unsaid = least
        WINDOW w AS (PARTITION BY charged_on, charge_id)
    ) c
) c;

-- Largest remainder, in nanos, for both costs with the same weights.
CREATE TEMP TABLE piece ON COMMIT DROP AS
SELECT charged_on, charge_id, occurred_on, usage_id, is_unpriced,
       (sign(billed_nanos) * (billed_floor + (row_number() OVER billed <= abs(billed_nanos) - sum(billed_floor) OVER c)::int))::bigint
           AS billed_nanos,
       (sign(effective_nanos) * (effective_floor
           + (row_number() OVER effective <= abs(effective_nanos) - sum(effective_floor) OVER c)::int))::bigint AS effective_nanos
FROM (
    SELECT w.*, c.billed_nanos, c.effective_nanos,
           div(abs(c.billed_nanos) * w.weight, w.total) AS billed_floor,
           mod(abs(c.billed_nanos) * w.weight, w.total) AS billed_rest,
           div(abs(c.effective_nanos) * w.weight, w.total) AS effective_floor,
           mod(abs(c.effective_nanos) * w.weight, w.total) AS effective_rest
    FROM (SELECT *, sum(weight) OVER (PARTITION BY charged_on, charge_id) AS total FROM weighed WHERE weight > 0) w
    JOIN charge_due c ON c.charged_on = w.charged_on AND c.id = w.charge_id
) p
WINDOW c AS (PARTITION BY charged_on, charge_id),
       billed AS (PARTITION BY charged_on, charge_id ORDER BY billed_rest DESC, weight DESC, natural_key, usage_id),
       effective AS (PARTITION BY charged_on, charge_id ORDER BY effective_rest DESC, weight DESC, natural_key, usage_id);
ANALYZE piece;
