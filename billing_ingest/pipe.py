"""Rows from DuckDB to PostgreSQL as a stream of text: no Python object per row, all digits kept."""

import os
import threading
from collections.abc import Callable, Sequence

from django.db import connection

from billing_ingest.engine import name, text
from billing_ingest.read import Reading

BLOCK = 1024 * 1024
Progress = Callable[[int], None]


def copy_rows(
    reading: Reading, select: str, table: str, columns: Sequence[str], progress: Progress
) -> None:
    """COPY what the SELECT gives in DuckDB into the table's columns, inside the open transaction.

    `progress` is told the number of rows so far.
    """
    read_end, write_end = os.pipe()
    writer = Writer(reading, select, write_end)
    writer.start()
    names = ", ".join(name(column) for column in columns)
    rows = 0
    try:
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {name(table)} ({names}) FROM STDIN (FORMAT csv)") as copy,
        ):
            while block := os.read(read_end, BLOCK):
                copy.write(block)
                rows += block.count(b"\n")
                progress(rows)
            # The end of the stream is also what a failed query looks like: ask before the
            # block ends, or COPY would succeed with part of the rows.
            writer.join()
            if writer.error:
                raise writer.error
    finally:
        os.close(read_end)
        writer.join()


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
