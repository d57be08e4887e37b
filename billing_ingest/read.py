"""A delivered file as a DuckDB relation `raw`, and its mapped tables on top of it.

The quick way reads the file as all text with true line numbers. When DuckDB stumbles, a slow
exact look says which lines are at fault.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from billing_ingest.connector import Connector, Document, Mapping, Sniff
from billing_ingest.engine import connect, fill_table, name, text
from billing_ingest.header import DELIMITER_WORDS, Header, check_header, sniff_header
from billing_ingest.json_records import open_json
from billing_ingest.records import look_at_records
from billing_ingest.refusal import Refused, problem, refuse
from billing_ingest.scan import LINE_MAX
from billing_ingest.unpack import Plain, unpack

Rows = list[tuple[Any, ...]]
SourceFacts = tuple[str, str]  # the source's key, its config as JSON
NO_FACTS: SourceFacts = ("", "{}")


@dataclass
class Reading:
    """An open file: its DuckDB connection with the view `raw`."""

    con: duckdb.DuckDBPyConnection
    plain: Plain
    connector: Connector
    document: Document
    header: Header
    folder: Path
    warnings: list[dict[str, str]]
    reason: str  # why it is taken for this document
    true_lines: bool = False  # whether `_line` is known to be right

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
        findings = look_at_records(self.plain, self.header)
        return Refused(findings.problems, findings.count) if findings.problems else error

    def map(self, mapping: Mapping) -> None:
        """Make the view `mapped` from the connector's SELECT for one table."""
        is_file = mapping.sql.endswith(".sql")
        sql = (self.connector.folder / mapping.sql).read_text() if is_file else mapping.sql
        sql = sql.rstrip().rstrip(";")
        self.con.execute(f"CREATE OR REPLACE TEMP VIEW mapped AS {sql}")

    def mapped_columns(self) -> list[str]:
        """Return the names of the columns that the current mapping gives."""
        return [row[0] for row in self.con.execute("DESCRIBE mapped").fetchall()]

    def lines_moved(self, records: int) -> bool:
        """Check the line numbers against the count of records; true when they had to change.

        One record per line is assumed until the counts differ.
        """
        expected = self.plain.lines - self.header.lines
        if self.document.reader == "json" or self.true_lines or records == expected:
            self.true_lines = True
            return False
        findings = look_at_records(self.plain, self.header)
        if findings.problems:
            raise Refused(findings.problems, findings.count)
        self.true_lines = True
        if findings.shifts:
            self.fill("shifts", {"ordinal": "BIGINT", "shift": "BIGINT"}, findings.shifts)
            self.con.execute(csv_view(self, "shifts"))
            self.show_lines()
        return bool(findings.shifts)


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
    plain = unpack(path, filename, folder)
    header = sniff_header(plain.head)
    sniff = Sniff(plain.name, header.names, plain.head)
    kind = find_document(connector, document, sniff)
    con = connect(folder)
    try:
        con.execute(
            "CREATE TEMP TABLE source_facts (source_key VARCHAR, config JSON, filename VARCHAR)"
        )
        con.execute("INSERT INTO source_facts VALUES (?, ?, ?)", [*facts, plain.name])
        reading = Reading(
            con, plain, connector, kind, header, folder, [], kind.recognise(sniff) or ""
        )
        if kind.reader == "json":
            open_json(con, plain, folder)
        else:
            open_csv(reading)
        yield reading
    finally:
        con.close()


def find_document(connector: Connector, wanted: str, sniff: Sniff) -> Document:
    """Return the named document, the one that recognises the file, or the only one there is."""
    documents = connector.documents
    if wanted:
        return next(document for document in documents if document.name == wanted)
    for document in documents:
        if document.recognise(sniff):
            return document
    reason = connector.declines(sniff) if connector.declines else None
    if len(documents) == 1 and reason is None:
        return documents[0]
    labels = ", ".join(document.label for document in documents)
    raise refuse(
        "unknown_file", reason or f"This is none of the files that {connector.label} gives.",
        file=sniff.filename, line=1, found=", ".join(sniff.header), expected=labels,
        fix="Choose another source, or export one of these.",
    )  # fmt: skip


def open_csv(reading: Reading) -> None:
    """Check the header and make the view `raw`."""
    try:
        check_header(reading.header, reading.plain, reading.document)
    except Refused as refused:
        # Broken lines are said first: where the table is torn, its header may be too.
        findings = look_at_records(reading.plain, reading.header)
        raise Refused(
            findings.problems + refused.problems, findings.count + refused.count
        ) from None
    if reading.plain.lines <= reading.header.lines:
        raise Refused([no_rows(reading.plain)])
    if reading.header.delimiter != ",":
        words = DELIMITER_WORDS[reading.header.delimiter]
        reading.warnings.append(
            {"code": "delimiter", "message": f"The columns are separated by {words}."}
        )
    reading.con.execute(csv_view(reading, None))
    reading.show_lines()


def csv_view(reading: Reading, shifts: str | None) -> str:
    """Return the SQL of the view `lines`: the file's columns, `_line` and `_extras`."""
    header, document = reading.header, reading.document
    known = {column.lower() for column in (*document.required, *document.optional)}
    columns = [f"c{i} AS {name(column)}" for i, column in enumerate(header.names)]
    columns += [
        f"NULL::VARCHAR AS {name(column)}" for column in document.optional if not header.has(column)
    ]
    unknown = [(i, column) for i, column in enumerate(header.names) if column.lower() not in known]
    line = f"_ordinal + {header.lines}"
    source = f"(SELECT *, row_number() OVER () AS _ordinal FROM {read_csv(reading)})"
    if shifts:
        line += " + coalesce(shift, 0)"
        source += f" AS rows ASOF LEFT JOIN {shifts} AS moved ON rows._ordinal >= moved.ordinal"
    return (
        f"CREATE OR REPLACE TEMP VIEW lines AS SELECT {', '.join(columns)}, {line} AS _line, "
        f"{extras(unknown)} AS _extras FROM {source}"
    )


def extras(unknown: list[tuple[int, str]]) -> str:
    """Return SQL for the JSON of the columns nobody asked for, without those left empty."""
    if not unknown:
        return "NULL::VARCHAR"
    parts = ", ".join(
        f"{text(to_json_key(column))} || to_json(c{i})::VARCHAR" for i, column in unknown
    )
    return f"nullif('{{' || concat_ws(',', {parts}) || '}}', '{{}}')"


def to_json_key(column: str) -> str:
    escaped = column.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}":'


def read_csv(reading: Reading) -> str:
    """Return the table function that reads the file as text, strictly."""
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(reading.header.names)))
    nulls = ", ".join(text(word) for word in ("", *reading.document.null_words))
    return (
        f"read_csv({text(str(reading.plain.path))}, auto_detect=false, columns={{{columns}}}, "
        f"header=true, delim={text(reading.header.delimiter)}, quote='\"', escape='\"', "
        f"nullstr=[{nulls}], allow_quoted_nulls=false, strict_mode=true, max_line_size={LINE_MAX})"
    )


def no_rows(plain: Plain) -> Any:
    return problem(
        "no_rows", "The file has a header but no rows.", file=plain.name, line=1,
        expected="at least one row", fix="Export a period that has rows.",
    )  # fmt: skip
