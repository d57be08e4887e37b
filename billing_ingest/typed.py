"""Parquet files and the sheets of workbooks, made into tables of text by a process apart.

What comes back is a Parquet file of our own making: `_line` and one VARCHAR per column.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_ingest.connector import Document
from billing_ingest.header import Header, head_bytes
from billing_ingest.refusal import Problem, Refused, problem, refuse
from billing_ingest.tables import TABLES
from finops.outside import apart

SCRIPTS = Path(__file__).parent / "apart"
PARQUET, WORKBOOK = SCRIPTS / "parquet.py", SCRIPTS / "workbook.py"
MIB = 1024 * 1024
MEMORY = 2048 * MIB
LOOK_SECONDS = 60
BYTES_A_SECOND = {PARQUET: 1 * MIB, WORKBOOK: MIB // 8}  # what the slowest machine manages
FLOATS = ("DOUBLE", "FLOAT")
NESTED = ("STRUCT(", "MAP(")
MONEY_WORDS = {"cost", "costs", "price", "amount", "spend", "fee"}
WORD = re.compile("[A-Z]?[a-z]+|[A-Z]+")


@dataclass(frozen=True)
class Typed:
    """A Parquet file or one sheet: its columns, and its rows once they are made."""

    kind: str  # Parquet, or the name of the sheet
    source: Path
    columns: tuple[tuple[str, str], ...]  # name, type; a sheet has none but text
    rows: int = 0
    lines: int = 0  # the number of the last row
    first_row: int = 0  # of a sheet: where its header stands


def parquet_table(path: Path, target: Path) -> Typed:
    """Make the table of a Parquet file at `target`. Raises Refused."""
    said = asked(PARQUET, [str(path), str(target), str(target.parent)], path, "corrupt_parquet")
    return Typed("Parquet", path, columns_of(said), said["rows"], said["rows"])


def parquet_columns(path: Path) -> Typed:
    """Look at the columns only."""
    said = asked(PARQUET, [str(path)], None, "corrupt_parquet")
    return Typed("Parquet", path, columns_of(said), said["rows"], said["rows"])


def columns_of(said: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((column.strip(), type_) for column, type_ in said["columns"])


def sheets(path: Path) -> list[Typed]:
    """Return the sheets of a workbook that have a header. Raises Refused."""
    said = asked(WORKBOOK, [str(path)], path, "corrupt_workbook")
    return [
        Typed(
            sheet["name"], path, tuple((name, "VARCHAR") for name in sheet["columns"]),
            first_row=sheet["row"],
        )
        for sheet in said["sheets"]
    ]  # fmt: skip


def sheet_table(sheet: Typed, target: Path) -> Typed:
    """Make the table of a sheet at `target`. Raises Refused."""
    arguments = [str(sheet.source), str(target), str(target.parent), sheet.kind]
    said = asked(WORKBOOK, arguments, sheet.source, "corrupt_workbook")
    return Typed(
        sheet.kind, sheet.source, sheet.columns, said["rows"], said["last_row"], sheet.first_row
    )


def asked(script: Path, arguments: list[str], path: Path | None, code: str) -> dict[str, Any]:
    """Return what the script says of the file. `path`: what it reads all of, for its time."""
    size = path.stat().st_size if path else 0
    limits = apart.Limits(MEMORY, LOOK_SECONDS + size // BYTES_A_SECOND[script])
    ended = apart.run(script, arguments, limits)
    if ended.code == 0:
        said: dict[str, Any] = json.loads(ended.output)
        if "problems" in said:
            raise Refused(said["problems"])
        return said
    if ended.is_out_of_time:
        raise refuse(
            "too_large", "Reading the file takes too long.", found=f"over {limits.seconds} s",
            expected=f"at most {limits.seconds} s", fix="Export it as CSV, or in smaller files.",
        )  # fmt: skip
    if "MemoryError" in ended.said or "bad_alloc" in ended.said:
        raise refuse(
            "too_large", "The file needs more memory than it may take.",
            expected=f"at most {MEMORY // MIB} MiB", fix="Export it as CSV, or in smaller files.",
        )  # fmt: skip
    raise refuse(
        code, "The file cannot be read: its reader ended over it.", found=words_of(ended),
        expected="a whole file", fix="Export it again, or as CSV.",
    )  # fmt: skip


def words_of(ended: apart.Ended) -> str:
    return ended.said.rsplit("\n", 1)[-1] or f"ended with {ended.code}"


def header_of_table(typed: Typed) -> Header:
    return Header(tuple(column for column, _ in typed.columns), ",", 0)


def head_of_table(typed: Typed) -> bytes:
    """The header as the first line of a CSV file: what a document recognises itself by."""
    return head_bytes(column for column, _ in typed.columns)


def check_types(typed: Typed, document: Document, file: str) -> None:
    """Refuse amounts of money that are binary floating point, or nested. Raises Refused."""
    known = {column.lower() for column in (*document.required, *document.optional)}
    money = money_columns(document)
    problems: list[Problem] = []
    for column, type_ in typed.columns:
        is_money = column.lower() in money
        sounds = column.lower() in known and sounds_like_money(column)
        if type_ in FLOATS and (is_money or sounds) and not document.floats:
            problems.append(float_money(column, type_, file))
        if is_money and (type_.startswith(NESTED) or type_.endswith("]")):
            problems.append(nested_money(column, type_, file))
    if problems:
        raise Refused(problems)


def money_columns(document: Document) -> set[str]:
    """The file's names for our columns of money, in lower case."""
    tables = {mapping.table for mapping in document.mappings}
    ours = [c.name for table in tables for c in TABLES[table] if c.type == "amount"]
    return {said for name in ours for said in document.names.get(name, name).lower().split("|")}


def sounds_like_money(column: str) -> bool:
    return bool({word.lower() for word in WORD.findall(column)} & MONEY_WORDS)


def float_money(column: str, type_: str, file: str) -> Problem:
    return problem(
        "float_money", f"{column} holds amounts as binary floating point.", file=file,
        column=column, found=type_, expected="a decimal, or text",
        fix="Export the amounts as decimals: floating point has lost digits already.",
    )  # fmt: skip


def nested_money(column: str, type_: str, file: str) -> Problem:
    return problem(
        "unsupported_type", f"{column} holds amounts inside of lists or objects.", file=file,
        column=column, found=type_, expected="one amount a row",
        fix="Export one column per amount.",
    )  # fmt: skip
