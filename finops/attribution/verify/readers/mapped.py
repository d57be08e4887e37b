"""Files that people said how to read: the mapping of each is read anew, apart from the loader."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import IO, Any

from finops.attribution.verify.reading import (
    EXACT,
    FileSums,
    Reader,
    UnreadableError,
    csv_rows,
    json_documents,
)
from finops.ledger.models import SavedMapping

MEASURES = (
    "requests", "failed_requests", "input_tokens", "cached_input_tokens", "cache_write_tokens",
    "output_tokens", "quantity",
)  # fmt: skip
Said = Callable[[str], str]  # a column -> the text of a row


def reader(document: str) -> Reader | None:
    """Return the reader of the documents of one mapping."""
    number = document.removeprefix("mapping_")
    saved = SavedMapping.objects.filter(pk=number).first() if number.isdecimal() else None
    return partial(add_up, saved=saved) if saved else None


def add_up(text: IO[str], sums: FileSums, saved: SavedMapping) -> None:
    """Add up the amounts per currency, or what the log measures."""
    seen: set[str] = set()
    for said in rows(text, saved):
        if saved.table == "charge":
            sums.bill(said("billing_currency").upper(), amount(said("billed_cost"), saved.amounts))
            continue
        sums.rows += 1
        for column in MEASURES:
            if said(column):
                sums.measure(column, Decimal(said(column)))
        if request := said("request_id"):
            sums.repeats += request in seen
            seen.add(request)


def rows(text: IO[str], saved: SavedMapping) -> Iterator[Said]:
    if saved.reader == "json":
        for record in records(text, saved.records_at):
            yield partial(said_in, saved, partial(at_path, record))
        return
    header, found = csv_rows(text)
    for row in found:
        yield partial(said_in, saved, partial(cell, header, row))


def said_in(saved: SavedMapping, of_file: Said, ours: str) -> str:
    where: dict[str, str] = saved.fields.get(ours, {})
    if not where:
        return ""
    return (where["value"] if "value" in where else of_file(where["column"])).strip()


def cell(header: list[str], row: list[str], column: str) -> str:
    if column.strip().lower() not in header:
        raise UnreadableError(f"{column} is not among the columns")
    return row[header.index(column.strip().lower())]


def records(text: IO[str], path: str) -> Iterator[Any]:
    for document in json_documents(text):
        found = at(document, path) if path else document
        yield from found if isinstance(found, list) else [found]


def at_path(record: Any, path: str) -> str:
    value = at(record, path)
    return "" if value is None else str(value)


def at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def amount(text: str, style: str) -> Decimal:
    """Read an amount as the mapping says it is written."""
    if style == SavedMapping.Amounts.COMMAS:
        return Decimal(text.translate(str.maketrans("", "", ",$€£ ")))
    if style == SavedMapping.Amounts.DECIMAL_COMMA:
        return Decimal(text.replace(".", "").replace(",", "."))
    if style == SavedMapping.Amounts.HUNDREDTHS:
        return Decimal(text).scaleb(-2, EXACT)
    return Decimal(text)
