"""Answers of the Anthropic Admin API."""

from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any

from finops.attribution.verify.reading import EXACT, FileSums, csv_rows, decimal, json_documents

Object = dict[str, Any]
CONSOLE_TOKENS = (  # our column, theirs
    ("input_tokens", "usage_input_tokens_no_cache"),
    ("cached_input_tokens", "usage_input_tokens_cache_read"),
    ("cache_write_tokens", "usage_input_tokens_cache_write_5m"),
    ("cache_write_tokens", "usage_input_tokens_cache_write_1h"),
    ("cache_write_1h_tokens", "usage_input_tokens_cache_write_1h"),
    ("output_tokens", "usage_output_tokens"),
)


def anthropic_costs(text: IO[str], sums: FileSums) -> None:
    """Add up the results of cost report pages; an amount is a decimal string in cents."""
    for result in _results(text):
        amount = decimal(result["amount"]).scaleb(-2, EXACT)
        sums.bill(str(result.get("currency") or "USD").upper(), amount)


def anthropic_messages(text: IO[str], sums: FileSums) -> None:
    """Add up the tokens of usage report pages; searches are rows of their own."""
    for result in _results(text):
        _count(result, sums)


def anthropic_claude_code(text: IO[str], sums: FileSums) -> None:
    """Add up the tokens of the models that each actor used on a day."""
    columns = {
        "input": "input_tokens", "cache_read": "cached_input_tokens",
        "cache_creation": "cache_write_tokens", "output": "output_tokens",
    }  # fmt: skip
    for page in json_documents(text):
        for activity in page.get("data", []):
            for used in activity.get("model_breakdown", []):
                sums.rows += 1
                tokens = used.get("tokens") or {}
                for name, column in columns.items():
                    sums.measure(column, Decimal(tokens.get(name) or 0))


def anthropic_users(text: IO[str], sums: FileSums) -> None:
    """Every member is a name and a person."""
    sums.rows += sum(2 for _ in _entries(text))


def anthropic_list(text: IO[str], sums: FileSums) -> None:
    sums.rows += sum(1 for _ in _entries(text))


def analytics_cost(text: IO[str], sums: FileSums) -> None:
    """Add up rows of the analytics API, in cents; rows without a name count like any other."""
    for row in _entries(text):
        cost = row["cost"]
        sums.bill(str(cost["currency"]).upper(), decimal(cost["amount"]).scaleb(-2, EXACT))


def analytics_usage(text: IO[str], sums: FileSums) -> None:
    for row in _entries(text):
        _count(row["usage"], sums)
        sums.measure("requests", Decimal(row["usage"].get("requests") or 0))


def console_costs(text: IO[str], sums: FileSums) -> None:
    """Add up the Console's export, which is in dollars."""
    header, rows = csv_rows(text)
    amount_at = header.index("cost_usd")
    for row in rows:
        sums.bill("USD", decimal(row[amount_at]))


def console_usage(text: IO[str], sums: FileSums) -> None:
    """Add up the tokens of the Console's export; searches are rows of their own."""
    header, rows = csv_rows(text)
    for cells in rows:
        row = dict(zip(header, cells, strict=True))
        sums.rows += 1
        for column, name in CONSOLE_TOKENS:
            sums.measure(column, decimal(row.get(name) or "0"))
        if searches := decimal(row.get("web_search_count") or "0"):
            sums.rows += 1
            sums.measure("quantity", searches)


def _count(result: Object, sums: FileSums) -> None:
    """Add up the tokens and searches of one result."""
    sums.rows += 1
    sums.measure("input_tokens", Decimal(result.get("uncached_input_tokens") or 0))
    sums.measure("cached_input_tokens", Decimal(result.get("cache_read_input_tokens") or 0))
    written = result.get("cache_creation") or {}
    for tokens in written.values():
        sums.measure("cache_write_tokens", Decimal(tokens or 0))
    kept = Decimal(written.get("ephemeral_1h_input_tokens") or 0)
    sums.measure("cache_write_1h_tokens", kept)
    sums.measure("output_tokens", Decimal(result.get("output_tokens") or 0))
    if searches := Decimal((result.get("server_tool_use") or {}).get("web_search_requests") or 0):
        sums.rows += 1
        sums.measure("quantity", searches)


def _entries(text: IO[str]) -> Iterator[Object]:
    for page in json_documents(text):
        yield from page.get("data", [])


def _results(text: IO[str]) -> Iterator[Object]:
    for bucket in _entries(text):
        yield from bucket.get("results", [])


READERS = {
    "cost_report": anthropic_costs,
    "usage_report_messages": anthropic_messages,
    "usage_report_claude_code": anthropic_claude_code,
    "users": anthropic_users,
    "workspaces": anthropic_list,
    "api_keys": anthropic_list,
    "analytics_cost": analytics_cost,
    "analytics_usage": analytics_usage,
    "console_costs": console_costs,
    "console_usage": console_usage,
}
