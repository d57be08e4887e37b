"""The sheets of a workbook as rows of exact text: workbook.py FILE [TARGET FOLDER SHEET].

Prints {sheets: [{name, columns, row}]} (the header and its row), with TARGET {rows, last_row}
of one sheet. TARGET becomes a Parquet file of our own making with the columns _line (the row of
the sheet), c0, c1, ... (VARCHAR).

The XML is read as a stream and never kept; a document type declaration, which entities need,
is refused.
"""

import csv
import json
import posixpath
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

import duckdb

from billing_ingest.apart.cells import Cell, DateFormats, Shared, address, text_of
from billing_ingest.engine import text
from billing_ingest.refusal import Refused, refuse

BLOCK = 256 * 1024
COLUMNS_MAX = 2000
ROW_MAX = 2_000_000  # bytes, as of a line of text
PART_MAX = 4 * 1024**3  # bytes of XML of one part
RATIO_MAX, RATIO_FREE = 200, 64 * 1024**2
MACROS = ("xl/vbaProject.bin", "xl/workbook.bin")
DAMAGED = "Save it again, or save the sheet as CSV UTF-8."
Row = tuple[int, dict[int, str]]  # number of the row, column -> text; only what is not empty


class Workbook:
    """An opened .xlsx file."""

    def __init__(self, path: str) -> None:
        self.size = Path(path).stat().st_size
        self.archive = zipfile.ZipFile(path)
        names = set(self.archive.namelist())
        if names & set(MACROS):
            raise refuse(
                "unsupported_workbook", "The workbook is of a kind that is not read.",
                found="a workbook with macros or in binary form", expected=".xlsx",
                fix="Save it as .xlsx, or the sheet as CSV UTF-8.",
            )  # fmt: skip
        self.is_1904 = False
        self.sheets: dict[str, str] = {}  # name -> part, in the order of the tabs
        self.find_sheets()
        self.dates = DateFormats()
        if "xl/styles.xml" in names:
            self.parse("xl/styles.xml", self.dates.start, None, None)
        self.shared = Shared()
        if "xl/sharedStrings.xml" in names:
            shared = self.shared
            self.parse("xl/sharedStrings.xml", shared.start, shared.end, shared.characters)

    def find_sheets(self) -> None:
        targets: dict[str, str] = {}
        shown: dict[str, str] = {}
        hidden: dict[str, str] = {}

        def relation(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship":
                target = attributes.get("Target", "")
                path = target[1:] if target.startswith("/") else posixpath.join("xl", target)
                targets[attributes.get("Id", "")] = posixpath.normpath(path)

        def sheet(tag: str, attributes: dict[str, str]) -> None:
            if tag == "workbookPr":
                self.is_1904 = attributes.get("date1904", "") in ("1", "true")
            if tag == "sheet":
                kept = shown if attributes.get("state", "visible") == "visible" else hidden
                ids = {key.rpartition(":")[2]: value for key, value in attributes.items()}
                kept[attributes.get("name", "")] = targets.get(ids.get("id", ""), "")

        self.parse("xl/_rels/workbook.xml.rels", relation, None, None)
        self.parse("xl/workbook.xml", sheet, None, None)
        self.sheets = shown or hidden

    def parse(self, part: str, start: Any, end: Any, characters: Any) -> None:
        """Run the part's XML through these handlers. Raises Refused."""
        for _ in self.parsed(part, start, end, characters):
            pass

    def parsed(self, part: str, start: Any, end: Any, characters: Any) -> Iterator[None]:
        """Do the same block by block, so that somebody can take what was found so far."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = no_doctype
        # Some programs write x:row for row; an attribute has such a prefix only in the workbook.
        parser.StartElementHandler = lambda tag, found: start(tag.rpartition(":")[2], found)
        if end:
            parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
        if characters:
            parser.CharacterDataHandler = characters
        size = 0
        with self.archive.open(part) as stream:
            while block := stream.read(BLOCK):
                size += len(block)
                if size > PART_MAX or size > max(RATIO_FREE, RATIO_MAX * self.size):
                    raise refuse(
                        "too_large", "The workbook unpacks to far more than it should.",
                        found=f"over {size} bytes from {self.size}",
                        expected=f"at most {RATIO_MAX} times its size",
                        fix="Save the sheet as CSV UTF-8.",
                    )  # fmt: skip
                parser.Parse(block, False)
                yield
        parser.Parse(b"", True)
        yield

    def rows(self, sheet: str) -> Iterator[Row]:
        """Yield the rows of a sheet that are not empty, in their order."""
        reader = Rows(self, sheet)
        for _ in self.parsed(self.sheets[sheet], reader.start, reader.end, reader.characters):
            yield from reader.found
            reader.found.clear()


class Rows:
    """The handlers of a sheet's XML: they gather whole rows in `found`."""

    def __init__(self, book: Workbook, sheet: str) -> None:
        self.book = book
        self.sheet = sheet
        self.found: list[Row] = []
        self.number = 0
        self.cells: dict[int, str] = {}
        self.column = -1
        self.cell: Cell | None = None
        self.takes_text = False
        self.is_phonetic = False
        self.size = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            place = address(attributes.get("r", ""))
            self.column = place if place is not None else self.column + 1
            self.cell = Cell(attributes.get("t", "n"), attributes.get("s", "0"))
        elif tag == "row":
            self.number = int(attributes.get("r", self.number + 1))
            self.cells, self.column, self.size = {}, -1, 0
        elif self.cell is not None:
            self.takes_text = tag == "v" or (tag == "t" and not self.is_phonetic)
            self.is_phonetic = self.is_phonetic or tag == "rPh"
            self.cell.has_value |= tag in ("v", "is")
            self.cell.is_formula |= tag == "f"

    def characters(self, said: str) -> None:
        if self.takes_text and self.cell is not None:
            self.cell.text.append(said)
            self.size += len(said)
            if self.size > ROW_MAX:
                raise self.refused("line_too_long", f"is longer than {ROW_MAX} bytes", None)

    def end(self, tag: str) -> None:
        self.takes_text = False
        if tag == "rPh":
            self.is_phonetic = False
        elif tag == "c" and self.cell is not None:
            self.take(self.cell)
            self.cell = None
        elif tag == "row" and self.cells:
            self.found.append((self.number, self.cells))

    def take(self, cell: Cell) -> None:
        if cell.is_formula and not (cell.has_value and (cell.text or cell.type == "str")):
            raise self.refused(
                "formula_cell", "holds a formula whose result is not in the file", self.column
            )
        try:
            said = text_of(cell, self.book.shared, self.book.dates, is_1904=self.book.is_1904)
        except ValueError as error:
            code = str(error) if str(error) in WORDS else "bad_cell"
            raise self.refused(
                code, "cannot be read exactly", self.column, "".join(cell.text)
            ) from None
        if said:
            self.cells[self.column] = said

    def refused(
        self, code: str, what: str, column: int | None, found: str | None = None
    ) -> Refused:
        place = f"Row {self.number}" if column is None else f"Cell {letters(column)}{self.number}"
        expected, fix = WORDS[code]
        return refuse(
            code, f"{place} of {self.sheet} {what}.", line=self.number, found=found,
            column=None if column is None else letters(column), expected=expected, fix=fix,
        )  # fmt: skip


WORDS = {
    "formula_cell": ("a value, or a formula with its result",
                     "Open it in a spreadsheet program and save it, or paste the values."),
    "number_digits": ("a number of at most 17 digits, or text",
                      "Write the amount as text: other programs would read another number."),
    "nul_byte": ("text", "Export the data again; it is not clean text."),
    "bad_cell": ("a number", "Save it again, or save the sheet as CSV UTF-8."),
    "line_too_long": (f"at most {ROW_MAX} bytes a row", "Leave out the column with the long texts."),
    "ragged_row": ("cells only below the header", "Name the column, or remove the cell."),
}  # fmt: skip


def no_doctype(*_: object) -> None:
    raise refuse(
        "unsafe_workbook", "The workbook declares a document type, which no sheet needs.",
        found="DOCTYPE", expected="plain sheets", fix=DAMAGED,
    )  # fmt: skip


def letters(column: int) -> str:
    said = ""
    while column >= 0:
        said = chr(ord("A") + column % 26) + said
        column = column // 26 - 1
    return said


def header_of(row: Row) -> list[str]:
    """Return the names, empty for gaps. Raises Refused for more than any table has."""
    width = max(row[1]) + 1
    if width > COLUMNS_MAX:
        raise refuse(
            "too_many_columns", "The sheet has too many columns.", line=row[0], found=str(width),
            expected=f"at most {COLUMNS_MAX}", fix="Export fewer columns.",
        )  # fmt: skip
    return [row[1].get(column, "").strip() for column in range(width)]


def headers(book: Workbook) -> list[dict[str, Any]]:
    """Return the first row that is not empty, of every sheet that has one."""
    found = []
    for sheet in book.sheets:
        first = next(book.rows(sheet), None) if book.sheets[sheet] else None
        if first:
            found.append({"name": sheet, "columns": header_of(first), "row": first[0]})
    return found


def copy(book: Workbook, sheet: str, target: str, folder: str) -> dict[str, Any]:
    """Write the rows below the header as a table of text."""
    rows = book.rows(sheet)
    width = len(header_of(next(rows)))
    draft = Path(folder) / "draft.csv"
    count, last = 0, 0
    with draft.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        for last, cells in rows:
            beyond = max(cells)
            if beyond >= width:
                raise refuse(
                    "ragged_row", f"Cell {letters(beyond)}{last} of {sheet} is beside the table.",
                    line=last, column=letters(beyond), found=cells[beyond],
                    expected=WORDS["ragged_row"][0], fix=WORDS["ragged_row"][1],
                )  # fmt: skip
            writer.writerow([last, *(cells.get(column, "") for column in range(width))])
            count += 1
    columns = ", ".join(["'_line': 'BIGINT'", *(f"'c{i}': 'VARCHAR'" for i in range(width))])
    con = duckdb.connect(config={"memory_limit": "512MB", "threads": 2, "temp_directory": folder})
    con.execute(
        f"COPY (FROM read_csv({text(str(draft))}, header = false, auto_detect = false, "
        f"columns = {{{columns}}}, quote = '\"', escape = '\"', nullstr = '', "
        f"allow_quoted_nulls = true, max_line_size = {4 * ROW_MAX})) "
        f"TO {text(target)} (FORMAT parquet, COMPRESSION zstd, "
        f"ROW_GROUP_SIZE {max(2048, min(122_880, 4_000_000 // width))})"
    )
    draft.unlink()
    return {"rows": count, "last_row": last}


def main(arguments: list[str]) -> dict[str, Any]:
    try:
        book = Workbook(arguments[0])
        if len(arguments) == 1:
            return {"sheets": headers(book)}
        target, folder, sheet = arguments[1:]
        return copy(book, sheet, target, folder)
    except MemoryError:
        raise refuse(
            "too_large", "The workbook needs more memory than it may take.",
            expected="less text in its cells", fix="Save the sheet as CSV UTF-8.",
        ) from None  # fmt: skip
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, KeyError, IndexError,
            ValueError, OSError, NotImplementedError, RuntimeError) as error:  # fmt: skip
        raise refuse(
            "corrupt_workbook", "The workbook is damaged.",
            found=f"{type(error).__name__}: {error}", expected="an .xlsx file", fix=DAMAGED,
        ) from None  # fmt: skip


if __name__ == "__main__":
    try:
        answer = main(sys.argv[1:])
    except Refused as refused:
        answer = {"problems": refused.problems}
    json.dump(answer, sys.stdout)
