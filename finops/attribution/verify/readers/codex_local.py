"""Rollouts of Codex: running totals of tokens."""

from decimal import Decimal
from typing import IO, Any

from finops.attribution.verify.readers.local_logs import counters
from finops.attribution.verify.reading import FileSums, json_documents

COUNTED = ("input_tokens", "cached_input_tokens", "output_tokens")


def rollout(text: IO[str], sums: FileSums) -> None:
    """Add up what the totals grew by; a total that is said again adds nothing."""
    before: dict[str, Any] = {}
    for line in json_documents(text):
        payload = line.get("payload") or {}
        info = payload.get("info")
        if payload.get("type") != "token_count" or not info:
            continue
        total, last = info.get("total_token_usage"), info.get("last_token_usage")
        if total and total == before:
            continue
        grown = last or {
            name: total[name] - before.get(name, 0)
            if total[name] >= before.get(name, 0)
            else total[name]
            for name in COUNTED
        }
        before = total or before
        sums.rows += 1
        fed, cached, output = (Decimal(grown.get(name) or 0) for name in COUNTED)
        sums.measure("requests", Decimal(1))
        sums.measure("input_tokens", fed - cached if fed >= cached else fed)
        sums.measure("cached_input_tokens", cached)
        sums.measure("output_tokens", output)


READERS = {"counters": counters, "rollout": rollout}
