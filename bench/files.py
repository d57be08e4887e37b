"""Vendor files of any size, made by DuckDB: the same size gives the same bytes."""

from pathlib import Path

import duckdb

# r is a fixed hash of the line's number, so that lines vary and need no random state.
R = "CREATE MACRO r(i, salt) AS (hash(i, salt) % 1000000007)::BIGINT"
USAGE = """
SELECT strftime(TIMESTAMP '2026-10-01' + to_seconds(r(i // 40, 0) % 2678400), '%Y-%m-%dT%H:%M:%SZ')
           AS occurred_at,
       'p' || r(i // 40, 1) % 2000 || '@acme.example' AS person,
       'key-' || r(i // 40, 2) % 300 AS api_key,
       'project-' || r(i // 40, 2) % 60 AS project,
       'acme/app-' || r(i // 40, 3) % 200 AS repo,
       'feature/' || r(i // 200, 4) % 5000 AS branch,
       's' || r(i // 40, 5) AS session,
       CASE WHEN r(i // 40, 6) % 10 < 4
            THEN 'acme/app-' || r(i // 40, 3) % 200 || '#' || r(i // 40, 7) % 900 END AS pr,
       'anthropic' AS provider,
       ['claude-opus-4-5', 'claude-sonnet-4-5', 'claude-haiku-4-5'][1 + r(i, 8) % 3] AS model,
       1 AS requests,
       r(i, 9) % 20000 AS input_tokens,
       r(i, 10) % 90000 AS cached_input_tokens,
       r(i, 11) % 9000 AS cache_write_tokens,
       r(i, 12) % 4000 AS output_tokens,
       'req_' || r(i, 13) || i AS request_id
FROM range({lines}) t(i)
"""
FOCUS = """
SELECT 'acct-1' AS BillingAccountId, 'Acme' AS BillingAccountName, 'USD' AS BillingCurrency,
       '2026-10-01T00:00:00Z' AS BillingPeriodStart, '2026-11-01T00:00:00Z' AS BillingPeriodEnd,
       strftime(TIMESTAMP '2026-10-01' + to_hours(r(i, 1) % 744), '%Y-%m-%dT%H:%M:%SZ')
           AS ChargePeriodStart,
       strftime(TIMESTAMP '2026-10-01' + to_hours(1 + r(i, 1) % 744), '%Y-%m-%dT%H:%M:%SZ')
           AS ChargePeriodEnd,
       'Usage' AS ChargeCategory, NULL AS ChargeClass, 'Input tokens' AS ChargeDescription,
       'Usage-Based' AS ChargeFrequency,
       r(i, 2) % 100000 || '.' || r(i, 3) % 1000000000 AS BilledCost,
       r(i, 2) % 100000 || '.' || r(i, 3) % 1000000000 AS EffectiveCost,
       r(i, 2) % 100000 || '.' || r(i, 3) % 1000000000 AS ListCost,
       r(i, 2) % 100000 || '.' || r(i, 3) % 1000000000 AS ContractedCost,
       r(i, 4) % 1000000 AS ConsumedQuantity, 'Tokens' AS ConsumedUnit,
       r(i, 4) % 1000000 AS PricingQuantity, '1000000 Tokens' AS PricingUnit,
       'Acme Cloud' AS InvoiceIssuerName, 'Acme Cloud' AS ProviderName, 'Anthropic' AS PublisherName,
       'AI and Machine Learning' AS ServiceCategory, 'Model API' AS ServiceName,
       'sku-' || r(i, 5) % 40 AS SkuId, 'price-' || r(i, 5) % 40 AS SkuPriceId,
       'sub-' || r(i, 6) % 20 AS SubAccountId, 'Workspace ' || r(i, 6) % 20 AS SubAccountName,
       'res-' || r(i, 7) % 5000 AS ResourceId, 'eu-west-1' AS RegionId,
       json_object('team', 'team-' || r(i, 8) % 40) AS Tags
FROM range({lines}) t(i)
"""


def write(query: str, lines: int, path: Path) -> Path:
    """Write the file and give its path; a name that ends in .gz is packed."""
    packing = "gzip" if path.suffix == ".gz" else "none"
    with duckdb.connect() as memory:
        memory.execute(R)
        memory.execute(
            f"COPY ({query.format(lines=lines)}) TO '{path}' (HEADER, COMPRESSION {packing})"
        )
    return path
