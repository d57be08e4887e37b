"""DuckDB as we use it: in memory, bounded, UTC, no extension fetched, with our macros."""

from functools import cache
from pathlib import Path

import duckdb

from billing_ingest.currencies import CURRENCIES

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
    con.execute("SET VARIABLE currencies = $1", [CURRENCIES])
    con.execute(macros())
    return con


@cache
def macros() -> str:
    return "\n".join((SQL / file).read_text() for file in ("macros.sql", "list_macros.sql"))


def text(value: str) -> str:
    """Return the value as an SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def name(identifier: str) -> str:
    """Return the identifier quoted."""
    return '"' + identifier.replace('"', '""') + '"'
