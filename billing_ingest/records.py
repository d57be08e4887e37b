"""The slow, exact look at a CSV file: where every record starts, and what is wrong with it.

Used when the quick reader stumbles, to say which lines are at fault, and for files with line
ends inside cells, to know the true line of each record.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from billing_ingest.header import Header
from billing_ingest.refusal import PROBLEMS_MAX, Problem, Refused, problem, refuse
from billing_ingest.scan import LINE_MAX
from billing_ingest.unpack import Plain

TOTAL_WORDS = ("total", "totals", "grand total", "sum", "subtotal", "total cost")


@dataclass
class Findings:
    """What a look at every record found."""

    problems: list[Problem] = field(default_factory=list)
    count: int = 0
    # (ordinal of the record, lines that came before it beyond one per record)
    shifts: list[tuple[int, int]] = field(default_factory=list)

    def add(self, found: Problem) -> None:
        self.count += 1
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(found)


def look_at_records(plain: Plain, header: Header) -> Findings:
    """Read every record, strictly. Raises Refused for lines that are not UTF-8 or too long."""
    csv.field_size_limit(LINE_MAX)
    findings = Findings()
    reader = csv.reader(lines_of(plain), delimiter=header.delimiter, strict=True)
    ordinal, shift, start, last = -1, 0, 1, [""]
    blank: list[int] = []  # fine at the end of the file, torn in the middle of it
    try:
        for row in reader:
            line, start = start, reader.line_num + 1
            if not row:
                blank.append(line)
                continue
            add_blank(findings, plain, header, blank)
            ordinal, last = ordinal + 1, row
            if ordinal > 0 and line - ordinal - header.lines != shift:
                shift = line - ordinal - header.lines
                findings.shifts.append((ordinal, shift))
            if len(row) != len(header.names):
                findings.add(ragged(plain, line, row, header))
    except csv.Error as error:
        findings.add(broken_quote(plain, start, str(error)))
    if findings.problems:
        add_blank(findings, plain, header, blank)
    if findings.problems and is_total(last):
        findings.problems = [total_row(plain.name, line, last)]
    return findings


def add_blank(findings: Findings, plain: Plain, header: Header, blank: list[int]) -> None:
    for line in blank:
        findings.add(ragged(plain, line, [], header))
    blank.clear()


def lines_of(plain: Plain) -> Iterator[str]:
    """Yield the lines, decoded. A file that ends its lines with CR alone is read the same."""
    with plain.path.open("rb") as stream:
        offset = 0
        for number, raw in enumerate(raw_lines(stream.readline, plain), start=1):
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                raise bad_encoding(plain, number, offset + error.start, raw, error) from None
            offset += len(raw)
            yield text.removeprefix("\ufeff") if number == 1 else text


def raw_lines(readline: object, plain: Plain) -> Iterator[bytes]:
    """Yield the lines as bytes, none longer than the limit."""
    number = 0
    while raw := readline(LINE_MAX + 1):  # type: ignore[operator]
        parts = raw.splitlines(keepends=True) if b"\r" in raw and b"\n" not in raw else [raw]
        for part in parts:
            number += 1
            if len(part) > LINE_MAX:
                raise too_long(plain, number)
            yield part


def too_long(plain: Plain, line: int) -> Refused:
    return refuse(
        "line_too_long", f"Line {line} is longer than {LINE_MAX} bytes.", file=plain.name,
        line=line, expected=f"at most {LINE_MAX} bytes a line",
        fix="Check for a missing line end or a missing closing quote.",
    )  # fmt: skip


def bad_encoding(
    plain: Plain, line: int, offset: int, raw: bytes, error: UnicodeDecodeError
) -> Refused:
    around = raw[max(0, error.start - 10) : error.start + 10]
    return refuse(
        "encoding", f"Line {line} is not UTF-8 (byte {offset} of the file).", file=plain.name,
        line=line, found=around.decode("cp1252", errors="replace"), expected="UTF-8 text",
        fix="The file looks like Windows-1252: save it as CSV UTF-8.",
    )  # fmt: skip


def ragged(plain: Plain, line: int, row: list[str], header: Header) -> Problem:
    have, want = len(row), len(header.names)
    what = f"{have} cells" if have else "empty"
    return problem(
        "ragged_row", f"Line {line} has {have} cells, the header has {want}.", file=plain.name,
        line=line, found=f"{what}: {header.delimiter.join(row)}" if have else what,
        expected=f"{want} cells", fix="Correct the line, or export the file again.",
    )  # fmt: skip


def broken_quote(plain: Plain, line: int, reason: str) -> Problem:
    return problem(
        "unclosed_quote", f"A quote that opens on line {line} is not closed properly.",
        file=plain.name, line=line, found=reason, expected="a closing quote before the next cell",
        fix="Close the quote; a quote inside a quoted cell is written twice.",
    )  # fmt: skip


def is_total(row: list[str]) -> bool:
    """Say whether a row looks like a sum that somebody put under the table."""
    said = [cell.strip().lower().rstrip(":") for cell in row if cell.strip()]
    return bool(said) and said[0] in TOTAL_WORDS


def total_row(file: str, line: int, row: list[str]) -> Problem:
    return problem(
        "unexpected_total_row", f"Line {line} is a total, not a row of the table.",
        file=file, line=line, found=",".join(row), expected="rows only",
        fix="Remove the line: it would count everything twice.",
    )  # fmt: skip
