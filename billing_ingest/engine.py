"""DuckDB as we use it: in memory, bounded, UTC, no extension fetched, with our macros."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import duckdb

from billing_ingest.currencies import CURRENCIES

Rows = Iterable[Sequence[object]]
SQL = Path(__file__).parent / "sql"
MEMORY_LIMIT = "384MB"
THREADS = 2


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open a database of its own in memory that spills into `folder`."""
    con = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": MEMORY_LIMIT,
            "threads": THREADS,
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    con.execute("SET TimeZone = 'UTC'")
    know_currencies(con, CURRENCIES, {})
    con.execute(macros())
    return con


def know_currencies(
    con: duckdb.DuckDBPyConnection, codes: Iterable[str], names: Mapping[str, str]
) -> None:
    """Say what money may be in: codes, and names in files that stand for one of them."""
    con.execute("SET VARIABLE currencies = $1", [list(codes)])
    con.execute("SET VARIABLE units = map($1, $2)", [list(names), list(names.values())])


@cache
def macros() -> str:
    return statements("macros")


def statements(folder: str) -> str:
    """Return the SQL of a folder's files, in the order of their names."""
    return "\n".join(file.read_text() for file in sorted((SQL / folder).glob("*.sql")))


def fill_table(
    con: duckdb.DuckDBPyConnection, folder: Path, table: str, columns: dict[str, str], rows: Rows
) -> None:
    """Make a temporary table of these rows, by way of a file: one insert per row would be slow."""
    path = folder / f"{table}.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(rows)
    types = ", ".join(f"{text(column)}: {text(type_)}" for column, type_ in columns.items())
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS FROM read_csv({text(str(path))}, header=false, "
        f"auto_detect=false, delim=',', quote='\"', escape='\"', columns={{{types}}})"
    )


def text(value: str) -> str:
    """Return the value as an SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def name(identifier: str) -> str:
    """Return the identifier quoted."""
    return '"' + identifier.replace('"', '""') + '"'
