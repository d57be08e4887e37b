"""Parquet files and workbooks made in tests, and zips of several files."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.bills import bill


def parquet(columns: Mapping[str, Any], **more: Any) -> bytes:
    """A Parquet file of these columns: lists, or arrays of Arrow."""
    out = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), out, **more)
    return out.getvalue()


def workbook(*rows: Iterable[Any], title: str = "Bill", **sheets: Iterable[Iterable[Any]]) -> bytes:
    """A workbook with a first sheet of these rows, and more sheets by name."""
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(list(row))
    for name, more in sheets.items():
        sheet = book.create_sheet(name)
        for row in more:
            sheet.append(list(row))
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


def changed_part(book: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """A workbook with something else in one of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(out, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == part:
                assert old in content, content[:2000]
                content = content.replace(old, new)
            target.writestr(entry.filename, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def bill_columns(*amounts: str) -> dict[str, Any]:
    """A FOCUS bill as columns; amounts and costs are decimals."""
    header, *lines = bill(*amounts).decode().splitlines()
    cells = [line.split(",") for line in lines]
    columns: dict[str, Any] = {
        name: [row[place] for row in cells] for place, name in enumerate(header.split(","))
    }
    for name, said in columns.items():
        if name.endswith("Cost"):
            columns[name] = pa.array(list(map(Decimal, said)), pa.decimal128(38, 20))
    return columns


def bill_rows(*amounts: str) -> list[list[str]]:
    """A FOCUS bill as rows with its header."""
    return [line.split(",") for line in bill(*amounts).decode().splitlines()]
