"""Rows of Google Cloud's billing export: cost and credits, each with its own digits."""

import ast
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any

from finops.attribution.verify.reading import (
    DECODER,
    EXACT,
    FileSums,
    csv_rows,
    decimal,
    json_documents,
)


def export_table(text: IO[str], sums: FileSums) -> None:
    """Add up the rows of a CSV file; credits are JSON or a Python literal."""
    header, rows = csv_rows(text)
    cost_at, currency_at, credits_at = map(header.index, ("cost", "currency", "credits"))
    for row in rows:
        net = decimal(row[cost_at])
        for amount in _amounts_in(row[credits_at]):
            net = EXACT.add(net, amount)
        sums.bill(row[currency_at].strip().upper(), net)


def export_json(text: IO[str], sums: FileSums) -> None:
    """Add up the objects of a JSON file."""
    for row in json_documents(text):
        net = decimal(row["cost"])
        for credit in row.get("credits") or []:
            net = EXACT.add(net, decimal(credit["amount"]))
        sums.bill(str(row["currency"]).upper(), net)


def _amounts_in(cell: str) -> Iterator[Decimal]:
    """Yield the amounts of a list of credits."""
    if not cell.strip():
        return
    try:
        listed = DECODER.decode(cell.strip())
    except json.JSONDecodeError:
        yield from _amounts_in_python(cell.strip())
        return
    for credit in listed:
        yield decimal(credit["amount"])


def _amounts_in_python(said: str) -> Iterator[Decimal]:
    """Yield the amounts as they are spelt: a float of Python would have fewer digits."""
    listed: Any = ast.parse(said, mode="eval").body
    for credit in listed.elts:
        for key, value in zip(credit.keys, credit.values, strict=True):
            if ast.literal_eval(key) == "amount":
                yield decimal(ast.get_source_segment(said, value) or "")


READERS = {"export_table": export_table, "export_json": export_json}
