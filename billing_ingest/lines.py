"""The SQL of the view `lines`: all rows of all parts of a delivery, as text with true lines.

Lines are counted through the parts: those of the second begin after the last one of the first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from billing_ingest.connector import Document
from billing_ingest.engine import name, text
from billing_ingest.header import DELIMITER_WORDS, Header, check_header
from billing_ingest.records import Findings, look_at_records
from billing_ingest.refusal import Problem, Refused, problem
from billing_ingest.scan import LINE_MAX
from billing_ingest.typed import check_types
from billing_ingest.unpack import Plain


@dataclass
class Piece:
    """A part of a delivery with its header; `offset` lines came before it."""

    plain: Plain
    header: Header
    offset: int = 0
    shifts: str = ""  # the table of how far lines moved, when they are not one per record

    @property
    def records(self) -> int:
        """How many rows there are when each is one line."""
        if self.plain.typed:
            return self.plain.typed.rows
        return self.plain.lines - self.header.lines

    def look(self) -> Findings:
        """Look at every record of a text, slowly; a table is whole by its making."""
        return Findings() if self.plain.typed else look_at_records(self.plain, self.header)


def in_order(plains: Iterable[tuple[Plain, Header]]) -> list[Piece]:
    pieces, offset = [], 0
    for plain, header in plains:
        pieces.append(Piece(plain, header, offset))
        offset += plain.lines
    return pieces


def check_pieces(pieces: Sequence[Piece], document: Document) -> None:
    """Check headers and types of the parts. Raises Refused, also when there is no row at all."""
    for piece in pieces:
        try:
            check_header(piece.header, piece.plain.name, document)
        except Refused as refused:
            # Broken lines are said first: where the table is torn, its header may be too.
            findings = piece.look()
            raise Refused(
                findings.problems + refused.problems, findings.count + refused.count
            ) from None
        if piece.plain.typed:
            check_types(piece.plain.typed, document, piece.plain.name)
    if all(piece.records <= 0 for piece in pieces):
        raise Refused([no_rows(pieces[0].plain.name)])


def delimiter_warnings(pieces: Sequence[Piece]) -> list[dict[str, str]]:
    """Say that columns are separated by something else than commas, once."""
    words = {DELIMITER_WORDS[piece.header.delimiter]: 1 for piece in pieces}
    return [
        {"code": "delimiter", "message": f"The columns are separated by {word}."}
        for word in words
        if word != DELIMITER_WORDS[","]
    ]


def lines_view(pieces: Sequence[Piece], document: Document) -> str:
    """Return the SQL of the view: the columns of every part, `_line` and `_extras`."""
    columns: dict[str, str] = {}  # in lower case -> as the first part writes it
    for piece in pieces:
        for column in piece.header.names:
            columns.setdefault(column.lower(), column)
    for column in document.optional:
        columns.setdefault(column.lower(), column)
    selects = (select(piece, document, list(columns.values())) for piece in pieces)
    return f"CREATE OR REPLACE TEMP VIEW lines AS {' UNION ALL '.join(selects)}"


def select(piece: Piece, document: Document, columns: Sequence[str]) -> str:
    header = piece.header
    known = {column.lower() for column in (*document.required, *document.optional)}
    place = {column.lower(): i for i, column in enumerate(header.names)}
    listed = [
        f"c{place[column.lower()]} AS {name(column)}"
        if column.lower() in place
        else f"NULL::VARCHAR AS {name(column)}"
        for column in columns
    ]
    unknown = [(i, column) for i, column in enumerate(header.names) if column.lower() not in known]
    source, line = table_source(piece) if piece.plain.typed else text_source(piece, document)
    line += f" + {piece.offset}" if piece.offset else ""
    return (
        f"SELECT {', '.join(listed)}, {line} AS _line, {extras(unknown)} AS _extras FROM {source}"
    )


def table_source(piece: Piece) -> tuple[str, str]:
    """Return SQL of a table of text that a process apart made, and of its lines."""
    return f"read_parquet({text(str(piece.plain.path))})", "_line"


def text_source(piece: Piece, document: Document) -> tuple[str, str]:
    line = f"_ordinal + {piece.header.lines}"
    source = f"(SELECT *, row_number() OVER () AS _ordinal FROM {read_csv(piece, document)})"
    if piece.shifts:
        line += " + coalesce(shift, 0)"
        source += (
            f" AS rows ASOF LEFT JOIN {piece.shifts} AS moved ON rows._ordinal >= moved.ordinal"
        )
    return source, line


def read_csv(piece: Piece, document: Document) -> str:
    """Return the table function that reads the file as text, strictly."""
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(piece.header.names)))
    nulls = ", ".join(text(word) for word in ("", *document.null_words))
    return (
        f"read_csv({text(str(piece.plain.path))}, auto_detect=false, columns={{{columns}}}, "
        f"header=true, delim={text(piece.header.delimiter)}, quote='\"', escape='\"', "
        f"nullstr=[{nulls}], allow_quoted_nulls=false, strict_mode=true, max_line_size={LINE_MAX})"
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


def no_rows(file: str) -> Problem:
    return problem(
        "no_rows", "The file has a header but no rows.", file=file, line=1,
        expected="at least one row", fix="Export a period that has rows.",
    )  # fmt: skip
