"""Reading the demo company's files without the product's own readers."""

import csv
import json
from decimal import Decimal
from pathlib import Path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def results(path: Path) -> list[tuple[str, dict]]:
    """The results of a report with the day of their bucket."""
    page = json.loads(path.read_text(), parse_float=Decimal)
    return [(b["starting_at"][:10], result) for b in page["data"] for result in b["results"]]
