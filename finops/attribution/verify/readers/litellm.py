"""A LiteLLM proxy's requests, from its table or its loggers, its daily sums and its names."""

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any

from finops.attribution.verify.reading import FileSums, csv_rows, json_documents

Object = dict[str, Any]


class Requests:
    """Adds up requests; one that was said before is a repeat."""

    def __init__(self, sums: FileSums) -> None:
        self.sums = sums
        self.seen: set[str] = set()

    def add(self, row: Object, request: str, usage: Object, about: Object) -> None:
        self.sums.rows += 1
        if request and request in self.seen:
            self.sums.repeats += 1
        self.seen.add(request)
        is_kept = str(row.get("cache_hit")).lower() == "true"
        prompt, answer = (_count(row.get(n)) for n in ("prompt_tokens", "completion_tokens"))
        more = about.get("additional_usage_values") or {}
        details = usage.get("prompt_tokens_details") or {}
        read = (
            _count(usage.get("cache_read_input_tokens"))
            or _count(more.get("cache_read_input_tokens"))
            or _count(details.get("cached_tokens"))
            or _count((usage.get("input_tokens_details") or {}).get("cached_tokens"))
        )
        written = (
            _count(usage.get("cache_creation_input_tokens"))
            or _count(more.get("cache_creation_input_tokens"))
            or _count(details.get("cache_creation_tokens"))
        )
        rest = prompt
        for part in (read, written):
            rest = rest - part if rest >= part else rest
        status = _said(row.get("status")) or _said(about.get("status"))
        measures = {
            "requests": 1, "failed_requests": status == "failure",
            "input_tokens": 0 if is_kept else rest, "cached_input_tokens": 0 if is_kept else read,
            "cache_write_tokens": 0 if is_kept else written, "output_tokens": 0 if is_kept else answer,
        }  # fmt: skip
        for column, amount in measures.items():
            self.sums.measure(column, Decimal(amount))


def spend_logs(text: IO[str], sums: FileSums) -> None:
    requests = Requests(sums)
    for row in _rows(json_documents(text), "data"):
        about = _object(row.get("metadata"))
        requests.add(
            row, str(row.get("request_id") or ""), _object(about.get("usage_object")), about
        )


def spend_logs_table(text: IO[str], sums: FileSums) -> None:
    csv.field_size_limit(2**31 - 1)
    header, rows = csv_rows(text)
    requests = Requests(sums)
    for cells in rows:
        row = dict(zip(header, cells, strict=True))
        about = _object(row.get("metadata"))
        requests.add(row, row["request_id"], _object(about.get("usage_object")), about)


def payloads(text: IO[str], sums: FileSums) -> None:
    requests = Requests(sums)
    for row in json_documents(text):
        about = _object(row.get("metadata"))
        usage = _object(about.get("usage_object"))
        if not usage:
            usage = _object(_object(row.get("response")).get("usage"))
        requests.add(row, str(row.get("id") or ""), usage, about)


def daily_activity(text: IO[str], sums: FileSums) -> None:
    for day in _rows(json_documents(text), "results"):
        for model in day["breakdown"]["models"].values():
            for part in (model.get("api_key_breakdown") or {"": model}).values():
                sums.rows += 1
                said = part["metrics"]
                sums.measure("requests", Decimal(_count(said.get("api_requests"))))
                sums.measure("output_tokens", Decimal(_count(said.get("completion_tokens"))))


def names(text: IO[str], sums: FileSums) -> None:
    for document in json_documents(text):
        lists = [
            document[name]
            for name in ("keys", "users", "teams")
            if isinstance(document.get(name), list)
        ]
        sums.rows += len(lists[0]) if lists else 1


def _rows(documents: Iterator[Object], name: str) -> Iterator[Object]:
    for document in documents:
        if isinstance(document.get(name), list):
            yield from document[name]
        else:
            yield document


def _object(said: Any) -> Object:
    """Read an object that may be written as text inside the text."""
    if isinstance(said, str):
        said = json.loads(said) if said.strip().startswith("{") else {}
    return said if isinstance(said, dict) else {}


def _said(value: Any) -> str:
    return "" if value in (None, "", "None", "NULL", "\\N") else str(value)


def _count(value: Any) -> int:
    said = _said(value)
    return int(Decimal(said)) if said else 0


READERS = {
    "spend_logs": spend_logs,
    "spend_logs_table": spend_logs_table,
    "payloads": payloads,
    "daily_activity": daily_activity,
    "keys": names,
    "users": names,
    "teams": names,
}
