"""Rows from DuckDB to PostgreSQL as a stream of text: no Python object per row, all digits kept."""

import os
import re
import threading
from collections.abc import Callable, Sequence

import psycopg
from django.db import connection

from billing_ingest.engine import name, text
from billing_ingest.read import Reading
from billing_ingest.refusal import Refused, refuse

BLOCK = 1024 * 1024
VALUE_ERRORS = ("22", "54")  # SQLSTATE classes: a value is wrong, or too large or deep
Progress = Callable[[int], None]


def copy_rows(
    reading: Reading,
    select: str,
    table: str,
    columns: Sequence[str],
    progress: Progress,
    *,
    empty_texts: Sequence[str] = (),
    null_texts: Sequence[str] = (),
) -> None:
    """COPY what the SELECT gives in DuckDB into the table's columns, inside the open transaction.

    Null becomes empty text in the columns `empty_texts`, and empty text becomes null in
    `null_texts`. `progress` is told the number of rows so far. Raises Refused when PostgreSQL
    does not take a value.
    """
    read_end, write_end = os.pipe()
    writer = Writer(reading, select, write_end)
    writer.start()
    try:
        with (
            connection.cursor() as cursor,
            cursor.copy(copy_statement(table, columns, empty_texts, null_texts)) as copy,
        ):
            rows = 0
            while block := os.read(read_end, BLOCK):
                copy.write(block)
                rows += block.count(b"\n")
                progress(rows)
            # The end of the stream is also what a failed query looks like: ask before the
            # block ends, or COPY would succeed with part of the rows.
            writer.join()
            if writer.error:
                raise writer.error
    except psycopg.DatabaseError as error:
        if (error.sqlstate or "")[:2] not in VALUE_ERRORS:
            raise
        raise not_taken(reading, error) from error
    finally:
        os.close(read_end)
        writer.join()


def copy_statement(
    table: str, columns: Sequence[str], empty_texts: Sequence[str], null_texts: Sequence[str]
) -> str:
    options = ["FORMAT csv"]
    if empty_texts:
        options.append(f"FORCE_NOT_NULL ({', '.join(map(name, empty_texts))})")
    if null_texts:
        options.append(f"FORCE_NULL ({', '.join(map(name, null_texts))})")
    names = ", ".join(map(name, columns))
    return f"COPY {name(table)} ({names}) FROM STDIN ({', '.join(options)})"


def not_taken(reading: Reading, error: psycopg.DatabaseError) -> Refused:
    """Return the refusal for a value that passed our checks and not the database's."""
    said = error.diag.message_primary or str(error)
    where = re.search(r"column (\w+)(?:: \"(.*))?", error.diag.context or "", re.DOTALL)
    column = where.group(1) if where else ""
    return refuse(
        "bad_value", f"The database does not take a value: {said}.", file=reading.filename,
        column=reading.document.names.get(column, column) or None, found=where and where.group(2),
        expected="a value the database can hold", fix="Correct the value where it comes from.",
    )  # fmt: skip


class Writer(threading.Thread):
    """Runs the query and writes its rows as CSV into a pipe; closes its end whatever happens."""

    def __init__(self, reading: Reading, select: str, write_end: int) -> None:
        super().__init__(name="duckdb-to-postgres", daemon=True)
        self.reading = reading
        self.select = select
        self.write_end = write_end
        self.error: BaseException | None = None

    def run(self) -> None:
        target = text(f"/dev/fd/{self.write_end}")
        try:
            self.reading.run(
                f"COPY ({self.select}) TO {target} (FORMAT csv, HEADER false, USE_TMP_FILE false)"
            )
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self.error = error
        finally:
            os.close(self.write_end)
