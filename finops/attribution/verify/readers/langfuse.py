"""Langfuse's observations that used a model, each in its newest words."""

from decimal import Decimal
from typing import IO, Any

from finops.attribution.verify.reading import FileSums, json_documents

USED = ("GENERATION", "EMBEDDING")


def observations(text: IO[str], sums: FileSums) -> None:
    newest: dict[str, dict[str, Any]] = {}
    for page in json_documents(text):
        rows = page["data"] if isinstance(page.get("data"), list) else [page]
        for row in rows:
            model = row.get("providedModelName") or row.get("model")
            if model or str(row.get("type")).upper() in USED:
                newest[row["id"]] = row
    for row in newest.values():
        sums.rows += 1
        sums.measure("requests", Decimal(1))
        sums.measure("failed_requests", Decimal(row.get("level") == "ERROR"))
        used, older = row.get("usageDetails") or {}, row.get("usage") or {}
        output = used.get("output", older.get("output", row.get("completionTokens"))) or 0
        sums.measure("output_tokens", Decimal(output))


READERS = {"observations": observations}
