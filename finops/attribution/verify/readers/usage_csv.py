"""Usage logs in our own columns."""

import hashlib
from array import array
from decimal import Decimal
from typing import IO

import numpy as np

from finops.attribution.verify.reading import EXACT, FileSums, UnreadableError, csv_rows, decimal

MEASURES = (
    "requests", "failed_requests", "retried_requests", "empty_requests", "input_tokens",
    "cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens", "quantity",
)  # fmt: skip


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


def _fingerprint(request: str) -> int:
    return int.from_bytes(hashlib.blake2b(request.encode(), digest_size=8).digest(), "big")


def _repeated(fingerprints: "array[int]") -> int:
    """Return how many stand for a request that another one stands for already."""
    known = np.frombuffer(fingerprints, dtype=np.uint64)
    return len(known) - len(np.unique(known)) if len(known) else 0


READERS = {"": usage_csv}
