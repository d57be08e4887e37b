"""Answers of the Anthropic Admin API."""

from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any

from finops.attribution.verify.reading import EXACT, FileSums, decimal, json_documents

Object = dict[str, Any]


def anthropic_costs(text: IO[str], sums: FileSums) -> None:
    """Add up the results of cost report pages; an amount is a decimal string in cents."""
    for result in _results(text):
        amount = decimal(result["amount"]).scaleb(-2, EXACT)
        sums.bill(str(result.get("currency") or "USD").upper(), amount)


def anthropic_messages(text: IO[str], sums: FileSums) -> None:
    """Add up the tokens of usage report pages."""
    for result in _results(text):
        sums.rows += 1
        sums.measure("input_tokens", Decimal(result.get("uncached_input_tokens") or 0))
        sums.measure("cached_input_tokens", Decimal(result.get("cache_read_input_tokens") or 0))
        for written in (result.get("cache_creation") or {}).values():
            sums.measure("cache_write_tokens", Decimal(written or 0))
        sums.measure("output_tokens", Decimal(result.get("output_tokens") or 0))


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
    sums.rows += sum(len(page.get("data", [])) for page in json_documents(text))


def _results(text: IO[str]) -> Iterator[Object]:
    for page in json_documents(text):
        for bucket in page.get("data", []):
            yield from bucket.get("results", [])


READERS = {
    "cost_report": anthropic_costs,
    "usage_report_messages": anthropic_messages,
    "usage_report_claude_code": anthropic_claude_code,
    "users": anthropic_users,
}
