"""A Parquet file as rows of exact text: parquet.py FILE [TARGET FOLDER].

Prints {columns: [[name, type], ...], rows}. TARGET becomes a Parquet file of our own making with
the columns _line (1-based), c0, c1, ... (VARCHAR), _size (bytes of the row).
"""

import json
import sys
from pathlib import Path
from typing import Any

import duckdb

from billing_ingest.engine import text
from billing_ingest.refusal import Refused, refuse

MEMORY_LIMIT = "512MB"
COLUMNS_MAX = 2000
ROWS_MAX = 200_000_000
ROW_GROUPS_MAX = 100_000
# Eight bytes a cell are the least that decoded rows take. Above the free size they may be this
# many times the file: a bill of constant columns has a ratio of a few dozens.
CELL, RATIO_MAX, RATIO_FREE = 8, 200, 512 * 1024**2
TEXT_RATIO_MAX, TEXT_FREE, TEXT_MAX = 1000, 1024**3, 64 * 1024**3
ROW_MAX = 2_000_000  # bytes, as of a line of text
DIGITS_MAX = 38
CELLS_OF_GROUP = 4_000_000
DAMAGED = "Fetch or export the file again: it was damaged on the way."
NESTED = ("STRUCT(", "MAP(", "UNION(")
NOT_READ = ("VARIANT", "GEOMETRY", "UNION(", "BIT")
AS_ARRAYS_ARE = ("]",)


def main(arguments: list[str]) -> dict[str, Any]:
    path = arguments[0]
    con = duckdb.connect(
        config={
            "memory_limit": MEMORY_LIMIT,
            "threads": 2,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    con.execute("SET TimeZone = 'UTC'")
    try:
        columns, rows = look(con, path)
        if len(arguments) > 1:
            target, folder = arguments[1:]
            con.execute(f"SET temp_directory = {text(folder)}")
            copy(con, path, target, columns)
            check_sizes(con, path, target)
    except duckdb.Error as error:
        raise explained(error, path) from None
    return {"columns": columns, "rows": rows}


def look(con: duckdb.DuckDBPyConnection, path: str) -> tuple[list[tuple[str, str]], int]:
    """Return the columns with their types and the number of rows, from the footer alone."""
    file = f"read_parquet({text(path)}, binary_as_string = true)"
    rows, groups = con.execute(
        "SELECT num_rows, num_row_groups FROM parquet_file_metadata($1)", [path]
    ).fetchall()[0]
    schema = con.execute(
        "SELECT name, num_children, precision, type, duckdb_type FROM parquet_schema($1)", [path]
    ).fetchall()
    names = top_level(schema)
    if len(names) > COLUMNS_MAX:
        raise refuse(
            "too_many_columns", "The file has too many columns.", found=str(len(names)),
            expected=f"at most {COLUMNS_MAX}", fix="Export fewer columns.",
        )  # fmt: skip
    check_counts(rows, groups, len(names), Path(path).stat().st_size)
    for column, _, precision, kind, _ in schema:
        if precision is not None and precision > DIGITS_MAX:
            raise unsupported(column, f"a decimal of {precision} digits ({kind})")
    types = [row[1] for row in con.execute(f"DESCRIBE FROM {file}").fetchall()]
    for column, type_ in zip(names, types, strict=True):
        if any(word in type_ for word in NOT_READ):
            raise unsupported(column, type_)
    return list(zip(names, types, strict=True)), rows


def top_level(schema: list[tuple[Any, ...]]) -> list[str]:
    """Return the names as they are written; DuckDB would rename one that comes twice."""
    names, place = [], 1
    for _ in range(schema[0][1] or 0):
        names.append(schema[place][0])
        left = 1
        while left:  # step over what is nested in the column
            left += (schema[place][1] or 0) - 1
            place += 1
    return names


def check_counts(rows: int, groups: int, columns: int, size: int) -> None:
    if groups > ROW_GROUPS_MAX:
        raise refuse(
            "too_large", "The file is cut into too many row groups.", found=str(groups),
            expected=f"at most {ROW_GROUPS_MAX}", fix="Write it in larger row groups.",
        )  # fmt: skip
    decoded = rows * max(columns, 1) * CELL
    if rows > ROWS_MAX or decoded > max(RATIO_FREE, RATIO_MAX * size):
        raise refuse(
            "too_many_rows", "The file says it holds far more rows than it should.",
            found=f"{rows} rows of {columns} columns in {size} bytes",
            expected=f"at most {ROWS_MAX} rows, and {RATIO_MAX} times the size of the file",
            fix="Check the file; export shorter periods.",
        )  # fmt: skip


def copy(
    con: duckdb.DuckDBPyConnection, path: str, target: str, columns: list[tuple[str, str]]
) -> None:
    """Write every column as text."""
    own = [f"s{i}" for i in range(len(columns))]
    cells = [
        f"{as_text(s, type_)} AS c{i}"
        for i, (s, (_, type_)) in enumerate(zip(own, columns, strict=True))
    ]
    size = " + ".join(f"coalesce(strlen(c{i}), 0)" for i in range(len(columns))) or "0"
    group = max(2048, min(122_880, CELLS_OF_GROUP // max(len(columns), 1)))
    con.execute(
        f"COPY (SELECT *, {size} AS _size FROM (SELECT _row + 1 AS _line, {', '.join(cells)} "
        f"FROM read_parquet({text(path)}, binary_as_string = true, file_row_number = true) "
        f"AS file({', '.join([*own, '_row'])}))) "
        f"TO {text(target)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group})"
    )


def as_text(column: str, type_: str) -> str:
    """Return SQL for the column as exact text."""
    said = f"{column}::VARCHAR"
    if type_ in ("DOUBLE", "FLOAT"):
        # The shortest text that reads back as the same number; a count has no decimals.
        is_whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
        return f"CASE WHEN {is_whole} THEN {column}::BIGINT::VARCHAR ELSE {said} END"
    if type_ in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"):
        return f"replace(replace({said}, ' ', 'T'), '+00', 'Z')"
    if type_.startswith("TIMESTAMP"):
        return f"replace({said}, ' ', 'T')"
    if is_nested(type_):
        return f"CASE WHEN {column} IS NOT NULL THEN to_json({column})::VARCHAR END"
    return said


def is_nested(type_: str) -> bool:
    return type_.startswith(NESTED) or type_.endswith(AS_ARRAYS_ARE)


def check_sizes(con: duckdb.DuckDBPyConnection, path: str, target: str) -> None:
    """Refuse rows that are larger than any row is, and text that only a bomb unpacks to."""
    longest, line, total = con.execute(
        f"SELECT max(_size), arg_max(_line, _size), sum(_size) FROM read_parquet({text(target)})"
    ).fetchall()[0]
    size = Path(path).stat().st_size
    if longest and longest > ROW_MAX:
        raise refuse(
            "line_too_long", f"Row {line} is longer than {ROW_MAX} bytes.", line=line,
            found=f"{longest} bytes", expected=f"at most {ROW_MAX} bytes a row",
            fix="Leave out the column with the long texts.",
        )  # fmt: skip
    if total and (total > TEXT_MAX or total > max(TEXT_FREE, TEXT_RATIO_MAX * size)):
        raise refuse(
            "archive_ratio", "The file unpacks to far more than it should.",
            found=f"{total} bytes from {size}", expected=f"at most {TEXT_RATIO_MAX} times its size",
            fix="Check the file; export shorter periods.",
        )  # fmt: skip


def unsupported(column: str, type_: str) -> Refused:
    return refuse(
        "unsupported_type", f"The column {column} is of a type that is not read exactly.",
        column=column, found=type_, expected="text, numbers, decimals up to 38 digits, times",
        fix="Export the column as text or as a decimal.",
    )  # fmt: skip


def explained(error: duckdb.Error, path: str) -> Refused:
    """Say in our words why DuckDB gave up."""
    said = str(error).split("\n")[0].replace(path, "")
    if isinstance(error, duckdb.OutOfMemoryException):
        return refuse(
            "too_large", "The file needs more memory than it may take.", found=said,
            expected=f"rows that fit into {MEMORY_LIMIT}",
            fix="Write it in smaller row groups, without very long texts.",
        )  # fmt: skip
    if "encrypt" in said.lower():
        return refuse(
            "encrypted_parquet", "The Parquet file is encrypted.", found=said,
            expected="a file without encryption", fix="Export it without encryption.",
        )  # fmt: skip
    if "valid UTF8" in said or "string encoding" in said:
        return refuse(
            "encoding", "A text in the file is not UTF-8.", found=said, expected="UTF-8 text",
            fix="Export the file again as UTF-8.",
        )  # fmt: skip
    return refuse("corrupt_parquet", "The Parquet file is damaged.", found=said, fix=DAMAGED)


if __name__ == "__main__":
    try:
        answer = main(sys.argv[1:])
    except Refused as refused:
        answer = {"problems": refused.problems}
    json.dump(answer, sys.stdout)
