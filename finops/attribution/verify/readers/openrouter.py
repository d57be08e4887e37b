"""OpenRouter's activity, its export of generations, and single generations."""

from decimal import Decimal
from typing import IO, Any

from finops.attribution.verify.reading import (
    FileSums,
    UnreadableError,
    csv_rows,
    decimal,
    json_documents,
)


def activity(text: IO[str], sums: FileSums) -> None:
    """Every row is a charge and a line of the log."""
    for page in json_documents(text):
        for row in page["data"]:
            sums.rows += 1
            sums.bill("USD", Decimal(str(row["usage"])))
            sums.measure("requests", Decimal(row["requests"]))
            _tokens(sums, row["prompt_tokens"], row.get("cached_tokens"), row["completion_tokens"])


def generations_export(text: IO[str], sums: FileSums) -> None:
    header, rows = csv_rows(text)
    if "cost_total" not in header:
        raise UnreadableError("cost_total is not among the columns")
    seen: set[str] = set()
    for cells in rows:
        row = dict(zip(header, cells, strict=True))
        sums.rows += 1
        sums.bill("USD", decimal(row["cost_total"]))
        if row["generation_id"] in seen:
            sums.repeats += 1
        seen.add(row["generation_id"])
        sums.measure("requests", Decimal(1))
        _tokens(sums, row["tokens_prompt"], row.get("tokens_cached"), row["tokens_completion"])


def generation(text: IO[str], sums: FileSums) -> None:
    for page in json_documents(text):
        said = page["data"]
        sums.rows += 1
        sums.measure("requests", Decimal(1))
        _tokens(
            sums, said["native_tokens_prompt"], said.get("native_tokens_cached"),
            said["native_tokens_completion"],
        )  # fmt: skip


def _tokens(sums: FileSums, prompt: Any, cached: Any, completion: Any) -> None:
    read, whole = Decimal(cached or 0), Decimal(prompt or 0)
    sums.measure("input_tokens", whole - read if whole >= read else whole)
    sums.measure("cached_input_tokens", read)
    sums.measure("output_tokens", Decimal(completion or 0))


READERS = {
    "activity": activity,
    "generations_export": generations_export,
    "generation": generation,
}
