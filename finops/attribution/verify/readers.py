"""What a file of each kind says: its rows, the money of a bill, the measures of a log."""

import hashlib
import json
from array import array
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import IO, Any

import numpy as np

from finops.attribution.verify.reading import (
    DECODER,
    EXACT,
    FileSums,
    Reader,
    UnreadableError,
    csv_rows,
    decimal,
    json_documents,
)

MEASURES = (
    "requests", "failed_requests", "input_tokens", "cached_input_tokens", "cache_write_tokens",
    "output_tokens",
)  # fmt: skip
Object = dict[str, Any]


def focus_csv(text: IO[str], sums: FileSums) -> None:
    """Add up BilledCost per BillingCurrency of a FOCUS file."""
    header, rows = csv_rows(text)
    try:
        amount_at, currency_at = header.index("billedcost"), header.index("billingcurrency")
    except ValueError:
        raise UnreadableError("BilledCost or BillingCurrency is not among the columns") from None
    for row in rows:
        sums.bill(row[currency_at].strip().upper(), decimal(row[amount_at]))


def usage_csv(text: IO[str], sums: FileSums) -> None:
    """Add up what a log of ours measures, and count the requests that it names again."""
    header, rows = csv_rows(text)
    columns = [(name, header.index(name)) for name in MEASURES if name in header]
    if "occurred_at" not in header:
        raise UnreadableError("occurred_at is not among the columns")
    request_at = header.index("request_id") if "request_id" in header else None
    requests = array("Q")  # 8 bytes for each: a log may name millions
    totals = dict.fromkeys((name for name, _ in columns), Decimal(0))
    for row in rows:
        sums.rows += 1
        for name, place in columns:
            if cell := row[place].strip():
                totals[name] = EXACT.add(totals[name], decimal(cell))
        if request_at is not None and row[request_at]:
            requests.append(_fingerprint(row[request_at]))
    for name, total in totals.items():
        sums.measure(name, total)
    sums.repeats += _repeated(requests)


def rows_of_csv(text: IO[str], sums: FileSums, column: str) -> None:
    """Count the rows of a table that has this column."""
    header, rows = csv_rows(text)
    if column not in header:
        raise UnreadableError(f"{column} is not among the columns")
    sums.rows += sum(1 for _ in rows)


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


def pull_requests(text: IO[str], sums: FileSums) -> None:
    """Count the pull requests of a list or of events about them."""
    sums.rows += sum(1 for document in json_documents(text) if _has_pull_request(document))


def raw_pull_requests(text: IO[str], sums: FileSums) -> None:
    """Count the pull requests in the column `data` of a raw table."""
    header, rows = csv_rows(text)
    place = header.index("data")
    sums.rows += sum(1 for row in rows if _has_pull_request(_parsed(row[place])))


def _results(text: IO[str]) -> Iterator[Object]:
    for page in json_documents(text):
        for bucket in page.get("data", []):
            yield from bucket.get("results", [])


def _has_pull_request(document: Any) -> bool:
    """Say whether this is a pull request, or an event with one. What is no JSON might be one."""
    if not isinstance(document, dict):
        return document is None
    pull = document.get("pull_request")
    return "head" in document or (isinstance(pull, dict) and "head" in pull)


def _parsed(cell: str) -> Any:
    try:
        return DECODER.decode(cell)
    except json.JSONDecodeError:
        return None


def _fingerprint(request: str) -> int:
    return int.from_bytes(hashlib.blake2b(request.encode(), digest_size=8).digest(), "big")


def _repeated(fingerprints: "array[int]") -> int:
    """Return how many stand for a request that another one stands for already."""
    known = np.frombuffer(fingerprints, dtype=np.uint64)
    return len(known) - len(np.unique(known)) if len(known) else 0


# Connector -> document -> reader; an empty name stands for every document of the connector.
READERS: dict[str, dict[str, Reader]] = {
    "focus": {"": focus_csv},
    "usage_csv": {"": usage_csv},
    "outcomes_csv": {"": partial(rows_of_csv, column="external_id")},
    "people_csv": {"": partial(rows_of_csv, column="email")},
    "invoices_csv": {"": partial(rows_of_csv, column="number")},
    "anthropic": {
        "cost_report": anthropic_costs,
        "usage_report_messages": anthropic_messages,
        "usage_report_claude_code": anthropic_claude_code,
        "users": anthropic_users,
    },
    "github": {
        "webhook": pull_requests,
        "pull_requests": pull_requests,
        "raw_table": raw_pull_requests,
    },
}


def reader_for(connector: str, document: str) -> Reader | None:
    documents = READERS.get(connector, {})
    return documents.get(document) or documents.get("")
