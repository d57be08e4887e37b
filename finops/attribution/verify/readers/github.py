"""Pull requests of GitHub: lists, events, raw tables."""

import json
from typing import IO, Any

from finops.attribution.verify.reading import DECODER, FileSums, csv_rows, json_documents


def pull_requests(text: IO[str], sums: FileSums) -> None:
    """Count the pull requests of a list or of events about them."""
    sums.rows += sum(1 for document in json_documents(text) if _has_pull_request(document))


def raw_pull_requests(text: IO[str], sums: FileSums) -> None:
    """Count the pull requests in the column `data` of a raw table."""
    header, rows = csv_rows(text)
    place = header.index("data")
    sums.rows += sum(1 for row in rows if _has_pull_request(_parsed(row[place])))


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


READERS = {
    "webhook": pull_requests,
    "pull_requests": pull_requests,
    "raw_table": raw_pull_requests,
}
