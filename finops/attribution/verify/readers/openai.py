"""Answers of the OpenAI Admin API, and the cost export of its dashboard."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import IO, Any

from finops.attribution.verify.reading import EXACT, FileSums, csv_rows, decimal, json_documents

Object = dict[str, Any]


def openai_costs(text: IO[str], sums: FileSums) -> None:
    """Add up the results of cost buckets; an amount is a number, or text, of dollars."""
    for result in _results(text):
        amount = result["amount"]
        sums.bill(str(amount["currency"]).upper(), _plain(str(amount["value"])))


def openai_dashboard(text: IO[str], sums: FileSums) -> None:
    """Add up the rows that have an amount."""
    header, rows = csv_rows(text)
    amount_at, currency_at = header.index("amount_value"), header.index("amount_currency")
    for row in rows:
        if amount := row[amount_at].strip():
            sums.bill(row[currency_at].strip().upper(), _plain(amount))


def openai_tokens(text: IO[str], sums: FileSums) -> None:
    """Add up tokens; those read from and written to a cache are part of the input they state."""
    for result in _results(text):
        sums.rows += 1
        cached = Decimal(result.get("input_cached_tokens") or 0)
        written = Decimal(result.get("input_cache_write_tokens") or 0)
        whole = Decimal(result.get("input_tokens") or 0)
        sums.measure("input_tokens", EXACT.subtract(whole, EXACT.add(cached, written)))
        sums.measure("cached_input_tokens", cached)
        sums.measure("cache_write_tokens", written)
        sums.measure("output_tokens", Decimal(result.get("output_tokens") or 0))
        sums.measure("requests", Decimal(result.get("num_model_requests") or 0))


def openai_counts(text: IO[str], sums: FileSums, field: str) -> None:
    """Add up what a kind of use counts."""
    for result in _results(text):
        sums.rows += 1
        sums.measure("quantity", Decimal(result.get(field) or 0))


def openai_list(text: IO[str], sums: FileSums) -> None:
    sums.rows += sum(1 for _ in _entries(text))


def openai_users(text: IO[str], sums: FileSums) -> None:
    """Every user has a name; one with an address is a person, too."""
    for user in _entries(text):
        sums.rows += 2 if str(user.get("email") or "").strip() else 1


def _entries(text: IO[str]) -> Iterator[Object]:
    for page in json_documents(text):
        yield from page.get("data", [])


def _results(text: IO[str]) -> Iterator[Object]:
    for bucket in _entries(text):
        yield from bucket.get("results", [])


def _plain(amount: str) -> Decimal:
    """Read an amount; zero is zero whatever its exponent."""
    read = decimal(amount)
    return read or Decimal(0)


READERS = {
    "costs": openai_costs,
    "dashboard_costs": openai_dashboard,
    "usage_completions": openai_tokens,
    "usage_embeddings": openai_tokens,
    "usage_moderations": openai_tokens,
    "usage_images": partial(openai_counts, field="images"),
    "usage_audio_speeches": partial(openai_counts, field="characters"),
    "usage_audio_transcriptions": partial(openai_counts, field="seconds"),
    "usage_vector_stores": partial(openai_counts, field="usage_bytes"),
    "usage_code_interpreter_sessions": partial(openai_counts, field="num_sessions"),
    "usage_file_search_calls": partial(openai_counts, field="num_requests"),
    "usage_web_search_calls": partial(openai_counts, field="num_requests"),
    "users": openai_users,
    "projects": openai_list,
    "api_keys": openai_list,
}
