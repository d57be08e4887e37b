"""Vendor files of any size, made by DuckDB: the same size gives the same bytes."""

from pathlib import Path

import duckdb

# Every expression hashes the line's number i, so lines are varied and need no random state.
USAGE = """
SELECT strftime(TIMESTAMP '2026-10-01' + to_seconds(hash(i // 40) % 2678400), '%Y-%m-%dT%H:%M:%SZ')
           AS occurred_at,
       'p' || hash(i // 40, 1) % 2000 || '@acme.example' AS person,
       'key-' || hash(i // 40, 2) % 300 AS api_key,
       'project-' || hash(i // 40, 2) % 60 AS project,
       'acme/app-' || hash(i // 40, 3) % 200 AS repo,
       'feature/' || hash(i // 200, 4) % 5000 AS branch,
       's' || hash(i // 40, 5) AS session,
       CASE WHEN hash(i // 40, 6) % 10 < 4
            THEN 'acme/app-' || hash(i // 40, 3) % 200 || '#' || hash(i // 40, 7) % 900 END AS pr,
       'anthropic' AS provider,
       ['claude-opus-4-5', 'claude-sonnet-4-5', 'claude-haiku-4-5'][1 + hash(i, 8) % 3] AS model,
       1 AS requests,
       hash(i, 9) % 20000 AS input_tokens,
       hash(i, 10) % 90000 AS cached_input_tokens,
       hash(i, 11) % 9000 AS cache_write_tokens,
       hash(i, 12) % 4000 AS output_tokens,
       'req_' || hash(i, 13) || i AS request_id
FROM range({lines}) t(i)
"""
FOCUS = """
SELECT 'acct-1' AS BillingAccountId, 'Acme' AS BillingAccountName, 'USD' AS BillingCurrency,
       '2026-10-01T00:00:00Z' AS BillingPeriodStart, '2026-11-01T00:00:00Z' AS BillingPeriodEnd,
       strftime(TIMESTAMP '2026-10-01' + to_hours(hash(i, 1) % 744), '%Y-%m-%dT%H:%M:%SZ')
           AS ChargePeriodStart,
       strftime(TIMESTAMP '2026-10-01' + to_hours(1 + hash(i, 1) % 744), '%Y-%m-%dT%H:%M:%SZ')
           AS ChargePeriodEnd,
       'Usage' AS ChargeCategory, NULL AS ChargeClass, 'Input tokens' AS ChargeDescription,
       'Usage-Based' AS ChargeFrequency,
       hash(i, 2) % 100000 || '.' || hash(i, 3) % 1000000000 AS BilledCost,
       hash(i, 2) % 100000 || '.' || hash(i, 3) % 1000000000 AS EffectiveCost,
       hash(i, 2) % 100000 || '.' || hash(i, 3) % 1000000000 AS ListCost,
       hash(i, 2) % 100000 || '.' || hash(i, 3) % 1000000000 AS ContractedCost,
       hash(i, 4) % 1000000 AS ConsumedQuantity, 'Tokens' AS ConsumedUnit,
       hash(i, 4) % 1000000 AS PricingQuantity, '1000000 Tokens' AS PricingUnit,
       'Acme Cloud' AS InvoiceIssuerName, 'Acme Cloud' AS ProviderName, 'Anthropic' AS PublisherName,
       'AI and Machine Learning' AS ServiceCategory, 'Model API' AS ServiceName,
       'sku-' || hash(i, 5) % 40 AS SkuId, 'price-' || hash(i, 5) % 40 AS SkuPriceId,
       'sub-' || hash(i, 6) % 20 AS SubAccountId, 'Workspace ' || hash(i, 6) % 20 AS SubAccountName,
       'res-' || hash(i, 7) % 5000 AS ResourceId, 'eu-west-1' AS RegionId,
       json_object('team', 'team-' || hash(i, 8) % 40) AS Tags
FROM range({lines}) t(i)
"""


def write(query: str, lines: int, path: Path) -> Path:
    """Write the file and give its path; a name that ends in .gz is packed."""
    packing = "gzip" if path.suffix == ".gz" else "none"
    with duckdb.connect() as memory:
        memory.execute(
            f"COPY ({query.format(lines=lines)}) TO '{path}' (HEADER, COMPRESSION {packing})"
        )
    return path
