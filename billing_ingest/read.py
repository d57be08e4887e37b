"""A delivered file as a DuckDB relation `raw`, and its mapped tables on top of it.

The quick way reads the file as all text with true line numbers. When DuckDB stumbles, a slow
exact look says which lines are at fault.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from billing_ingest.connector import Connector, Document, Mapping
from billing_ingest.documents import chosen
from billing_ingest.engine import connect, fill_table
from billing_ingest.header import Header, check_header
from billing_ingest.json_records import open_json
from billing_ingest.lines import Piece, check_pieces, delimiter_warnings, in_order, lines_view
from billing_ingest.refusal import Problem, Refused
from billing_ingest.typed import sheet_table
from billing_ingest.unpack import Plain, named, unpack

Rows = list[tuple[Any, ...]]
SourceFacts = tuple[str, str]  # the source's key, its config as JSON
NO_FACTS: SourceFacts = ("", "{}")


@dataclass
class Reading:
    """An open delivery: its DuckDB connection with the view `raw` over all its parts."""

    con: duckdb.DuckDBPyConnection
    filename: str
    pieces: list[Piece]
    connector: Connector
    document: Document
    folder: Path
    warnings: list[dict[str, str]]
    reason: str  # why it is taken for this document
    true_lines: bool = False  # whether `_line` is known to be right

    @property
    def header(self) -> Header:
        """The columns of all parts."""
        names = dict.fromkeys(name for piece in self.pieces for name in piece.header.names)
        return Header(tuple(names), ",", 0)

    @property
    def sheets(self) -> list[str]:
        """The sheets that are read, when the delivery is a workbook."""
        return [
            p.plain.typed.kind for p in self.pieces if p.plain.typed and p.plain.typed.first_row
        ]

    @property
    def lines(self) -> int:
        return sum(piece.plain.lines for piece in self.pieces)

    def place(self, line: int) -> tuple[str, int]:
        """Return the part that a line is in, by name, and the line's number there."""
        at = next((p for p in reversed(self.pieces) if p.offset < line), self.pieces[0])
        return at.plain.name, line - at.offset

    def said(self, line: int) -> str:
        """Return a line in words: with its part where there are several."""
        name, number = self.place(line)
        return f"line {number} of {name}" if len(self.pieces) > 1 else f"line {number}"

    def run(self, sql: str, values: list[Any] | None = None) -> Rows:
        """Run a statement over the file. Raises Refused when the file cannot be read."""
        try:
            return self.con.execute(sql, values).fetchall()
        except duckdb.Error as error:
            raise self.explain(error) from error

    def fill(self, table: str, columns: dict[str, str], rows: Iterable[Sequence[object]]) -> None:
        """Make a temporary table of these rows."""
        fill_table(self.con, self.folder, table, columns, rows)

    @contextmanager
    def any_order(self) -> Iterator[None]:
        """Let statements over tables give their rows in any order: it takes less memory.

        Never over the file itself: line numbers are counted in its order.
        """
        self.con.execute("SET preserve_insertion_order = false")
        try:
            yield
        finally:
            self.con.execute("RESET preserve_insertion_order")

    def show_lines(self) -> None:
        """Let `raw` be the lines of a CSV file (again)."""
        if self.document.reader == "csv":
            self.con.execute("CREATE OR REPLACE TEMP VIEW raw AS FROM lines")

    def explain(self, error: duckdb.Error) -> Exception:
        """Turn the reader's stumble into the problems of the file; a fault of ours stays one."""
        if not isinstance(error, duckdb.InvalidInputException | duckdb.ConversionException):
            return error
        if self.document.reader == "json":
            return error
        problems, count = self.look()
        return Refused(problems, count) if problems else error

    def look(self) -> tuple[list[Problem], int]:
        """Look at every record, slowly; return what is wrong, and how often."""
        problems: list[Problem] = []
        count = 0
        for number, piece in enumerate(self.pieces):
            findings = piece.look()
            problems += findings.problems
            count += findings.count
            if findings.shifts:
                piece.shifts = f"shifts{number}"
                self.fill(piece.shifts, {"ordinal": "BIGINT", "shift": "BIGINT"}, findings.shifts)
        return problems, count

    def map(self, mapping: Mapping) -> None:
        """Make the view `mapped` from the connector's SELECT for one table.

        A connector's `macros.sql`, where it has one, is there for its mappings.
        """
        if (macros := self.connector.folder / "macros.sql").is_file():
            self.con.execute(macros.read_text())
        if mapping.base:
            self.con.execute(f"CREATE OR REPLACE TEMP VIEW base AS {self.select(mapping.base)}")
        sql = self.select(mapping.sql)
        if mapping.table == "charge":
            code = "unit_code(billing_currency) AS billing_currency"
            sql = f"SELECT * REPLACE ({code}) FROM ({sql})"
        self.con.execute(f"CREATE OR REPLACE TEMP VIEW mapped AS {sql}")

    def select(self, said: str) -> str:
        """Return a SELECT: a file of the connector's folder, or the statement itself."""
        sql = (self.connector.folder / said).read_text() if said.endswith(".sql") else said
        return sql.rstrip().rstrip(";")

    def mapped_columns(self) -> list[str]:
        """Return the names of the columns that the current mapping gives."""
        return [row[0] for row in self.con.execute("DESCRIBE mapped").fetchall()]

    def lines_moved(self, records: int) -> bool:
        """Check the line numbers against the count of records; true when they had to change.

        One record per line is assumed until the counts differ.
        """
        expected = sum(piece.records for piece in self.pieces)
        if self.document.reader == "json" or self.true_lines or records == expected:
            self.true_lines = True
            return False
        problems, count = self.look()
        if problems:
            raise Refused(problems, count)
        self.true_lines = True
        if not any(piece.shifts for piece in self.pieces):
            return False
        self.con.execute(lines_view(self.pieces, self.document))
        self.show_lines()
        return True


@contextmanager
def read(
    path: Path,
    filename: str,
    connector: Connector,
    document: str,
    folder: Path,
    facts: SourceFacts = NO_FACTS,
) -> Iterator[Reading]:
    """Open a delivered file. `document` is the name of one, or empty to recognise it.

    The mapping's SQL may read the table `source_facts` of one row (source_key, config, filename).

    Raises Refused when the bytes, the format or the header are not what is needed.
    """
    plains = unpack(path, filename, folder)
    try:
        kind, reason, sniffed = chosen(connector, document, plains)
    except Refused as refused:
        raise named(refused, filename) from None
    for one in sniffed:
        if kind.reader == "csv" and one.plain.typed:
            check_header(one.header, one.plain.name, kind)  # before its rows are read
    pieces = in_order((made(one.plain, folder, n), one.header) for n, one in enumerate(sniffed))
    con = connect(folder)
    try:
        con.execute(
            "CREATE TEMP TABLE source_facts (source_key VARCHAR, config JSON, filename VARCHAR)"
        )
        first = pieces[0].plain.name if len(pieces) == 1 else filename
        con.execute("INSERT INTO source_facts VALUES (?, ?, ?)", [*facts, first])
        reading = Reading(con, filename, pieces, connector, kind, folder, [], reason)
        if kind.reader == "json":
            open_json(con, [piece.plain for piece in pieces], folder)
        else:
            open_lines(reading)
        yield reading
    finally:
        con.close()


def made(plain: Plain, folder: Path, number: int) -> Plain:
    """Read the rows of a sheet; everything else has been read."""
    if plain.typed is None or not plain.typed.first_row:
        return plain
    target = folder / f"sheet{number}"
    try:
        typed = sheet_table(plain.typed, target)
    except Refused as refused:
        raise named(refused, plain.name) from None
    size = target.stat().st_size
    return replace(plain, path=target, size=size, lines=typed.lines, typed=typed)


def open_lines(reading: Reading) -> None:
    """Check the headers and make the views `lines` and `raw`."""
    check_pieces(reading.pieces, reading.document)
    reading.warnings += delimiter_warnings(reading.pieces)
    reading.con.execute(lines_view(reading.pieces, reading.document))
    reading.show_lines()
