"""What the command on a user's machine posts: sums per machine, session and day."""

from decimal import Decimal
from typing import IO

from finops.attribution.verify.reading import FileSums, json_documents

MEASURES = (
    "requests", "empty_requests", "input_tokens", "cached_input_tokens", "cache_write_tokens",
    "cache_write_1h_tokens", "output_tokens",
)  # fmt: skip


def counters(text: IO[str], sums: FileSums) -> None:
    """Add up the rows of each object, the last one of those that came twice."""
    newest = {(one["machine"], one["session"], one["day"]): one for one in json_documents(text)}
    for one in newest.values():
        for row in one["rows"]:
            sums.rows += 1
            for name in MEASURES:
                sums.measure(name, Decimal(row.get(name) or 0))
