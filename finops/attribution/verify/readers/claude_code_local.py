"""Transcripts of Claude Code: an answer stands on several lines, and a side chain repeats some."""

from decimal import Decimal
from typing import IO, Any

from finops.attribution.verify.readers.local_logs import counters
from finops.attribution.verify.reading import FileSums, json_documents

COLUMNS = {
    "input_tokens": "input_tokens", "cache_read_input_tokens": "cached_input_tokens",
    "cache_creation_input_tokens": "cache_write_tokens", "output_tokens": "output_tokens",
}  # fmt: skip


def transcript(text: IO[str], sums: FileSums) -> None:
    """Add up the answers, each once, with the most tokens that it was written with."""
    calls: dict[tuple[Any, ...], dict[str, Any]] = {}
    parents: set[str] = set()
    for place, line in enumerate(json_documents(text)):
        message = line.get("message") or {}
        usage = message.get("usage")
        if not usage or message.get("model") == "<synthetic>":
            continue
        name, is_side = message.get("id") or "", line.get("isSidechain") is True
        if name and not is_side:
            parents.add(name)
        key = (name, line.get("requestId") or "") if name else (place,)
        known = calls.get(key)
        if known is None or usage["output_tokens"] >= known["usage"]["output_tokens"]:
            calls[key] = {"usage": usage, "name": name, "is_side": is_side}
    for call in calls.values():
        if call["is_side"] and call["name"] in parents:
            continue
        sums.rows += 1
        sums.measure("requests", Decimal(1))
        for vendors, ours in COLUMNS.items():
            sums.measure(ours, Decimal(call["usage"].get(vendors) or 0))


READERS = {"counters": counters, "transcript": transcript}
