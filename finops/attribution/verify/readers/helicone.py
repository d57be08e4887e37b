"""Helicone's requests; one that stands on two pages is a repeat."""

from decimal import Decimal
from typing import IO

from finops.attribution.verify.reading import FileSums, json_documents


def requests(text: IO[str], sums: FileSums) -> None:
    seen: set[str] = set()
    for page in json_documents(text):
        for row in page["data"] if isinstance(page.get("data"), list) else [page]:
            sums.rows += 1
            if row["request_id"] in seen:
                sums.repeats += 1
            seen.add(row["request_id"])
            sums.measure("requests", Decimal(1))
            sums.measure("output_tokens", Decimal(row.get("completion_tokens") or 0))


READERS = {"requests": requests}
