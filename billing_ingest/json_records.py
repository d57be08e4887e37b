"""JSON files as a relation `raw` of top-level objects: pages, lines, or elements of an array.

DuckDB turns JSON numbers into doubles and takes NaN and trailing commas for JSON. So the text
is parsed strictly here first and handed on as JSON lines in which every number is a string of
its own digits.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO

import duckdb

from billing_ingest.engine import fill_table, text
from billing_ingest.refusal import PROBLEMS_MAX, Problem, Refused, problem, refuse
from billing_ingest.unpack import Plain

OBJECT_MAX = 64 * 1024 * 1024  # bytes of one top-level object
WHOLE_MAX = 512 * 1024 * 1024  # bytes of a file that is not JSON lines
DIGITS_MAX = 100


def open_json(con: duckdb.DuckDBPyConnection, plains: Sequence[Plain], folder: Path) -> None:
    """Make the view `raw` of (doc, _line) of all parts. Raises Refused when one is not JSON."""
    target = folder / "objects.jsonl"
    places = Places()
    with target.open("w", encoding="utf-8") as out:
        for plain in plains:
            if plain.typed:
                raise Refused([bad_json(plain, 1, plain.head, "it is a table", is_cut=False)])
            write_objects(plain, out, places)
    line, source = "_ordinal", ""
    if any(shift for _, shift in places.shifts):
        columns = {"ordinal": "BIGINT", "shift": "BIGINT"}
        fill_table(con, folder, "line_shifts", columns, places.shifts)
        line = "_ordinal + shift"
        source = " AS objects ASOF JOIN line_shifts ON objects._ordinal >= line_shifts.ordinal"
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW raw AS SELECT doc, {line} AS _line FROM "
        "(SELECT json AS doc, row_number() OVER () AS _ordinal FROM "
        f"read_json_objects({text(str(target))}, format='newline_delimited', "
        f"maximum_object_size={OBJECT_MAX})){source}"
    )


class Places:
    """Which line each object is on: an object a line is assumed, other places are kept."""

    def __init__(self) -> None:
        self.objects = 0
        self.offset = 0  # lines of the parts that came before
        self.shifts: list[tuple[int, int]] = []  # (ordinal, lines beyond one per object)

    def add(self, line: int) -> None:
        self.objects += 1
        shift = self.offset + line - self.objects
        if not self.shifts or self.shifts[-1][1] != shift:
            self.shifts.append((self.objects, shift))


def write_objects(plain: Plain, out: TextIO, places: Places) -> None:
    """Write the objects one per line. Those of an array are counted instead of its lines."""
    if not is_json_lines(plain):
        count = 0
        for count, element in enumerate(whole(plain), start=1):
            out.write(dump(element, plain, 1))
            places.add(count)
        places.offset += count
        return
    problems: list[Problem] = []
    with plain.path.open("rb") as stream:
        for line, raw in enumerate(stream, start=1):
            if not raw.strip():
                continue
            try:
                out.write(dump(parse(decoded(raw, plain, line)), plain, line))
                places.add(line)
            except ValueError as error:
                is_cut = line == plain.lines and not raw.endswith(b"\n")
                problems.append(bad_json(plain, line, raw, str(error), is_cut=is_cut))
                if len(problems) >= PROBLEMS_MAX:
                    break
    if problems:
        raise Refused(problems)
    places.offset += plain.lines


def is_json_lines(plain: Plain) -> bool:
    """Say whether the first line is a JSON object by itself."""
    with plain.path.open("rb") as stream:
        first = stream.readline(OBJECT_MAX).removeprefix(b"\xef\xbb\xbf").strip()
        if not first.startswith(b"{"):
            return False
        try:
            json.loads(first)
        except (ValueError, RecursionError):
            # A bad first line followed by whole objects is a bad file of JSON lines.
            return first.endswith(b"}") and stream.readline(2).startswith(b"{")
    return True


def whole(plain: Plain) -> Iterator[Any]:
    """Yield the elements of a top-level array, or the objects that follow one another."""
    if plain.size > WHOLE_MAX:
        raise refuse(
            "too_large", "A JSON file of this size is read only as JSON lines.", file=plain.name,
            found=f"{plain.size} bytes", expected=f"at most {WHOLE_MAX} bytes, or one object a line",
            fix="Export JSON lines, or smaller files.",
        )  # fmt: skip
    said = decoded(plain.path.read_bytes(), plain, 1).lstrip()
    try:
        while said:
            element, end = DECODER.raw_decode(said)
            yield from element if isinstance(element, list) else [element]
            said = said[end:].lstrip()
    except RecursionError:
        raise Refused([bad_json(plain, 1, said.encode()[:80], TOO_DEEP, is_cut=False)]) from None
    except json.JSONDecodeError as error:
        line = error.lineno
        raise Refused(
            [
                bad_json(
                    plain, line, said[error.pos : error.pos + 80].encode(), error.msg, is_cut=False
                )
            ]
        ) from None
    except ValueError as error:
        raise Refused([bad_json(plain, 1, said.encode()[:80], str(error), is_cut=False)]) from None


TOO_DEEP = "it is nested too deeply"


def parse(said: str) -> Any:
    """Parse strictly. Raises ValueError with the reason."""
    try:
        element, end = DECODER.raw_decode(said.strip())
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    if said.strip()[end:]:
        raise ValueError("something follows the object")
    return element


def digits(number: str) -> str:
    if len(number) > DIGITS_MAX:
        raise ValueError("a number has too many digits")
    return number


def no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


DECODER = json.JSONDecoder(parse_float=digits, parse_int=digits, parse_constant=no_number)


def decoded(raw: bytes, plain: Plain, line: int) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        around = raw[max(0, error.start - 10) : error.start + 10]
        raise bad_text(plain, line, around.decode("cp1252", errors="replace")) from None


def bad_text(plain: Plain, line: int, found: str) -> Refused:
    return refuse(
        "encoding", f"Line {line} is not UTF-8.", file=plain.name, line=line, found=found,
        expected="UTF-8 text", fix="Export the file again as UTF-8.",
    )  # fmt: skip


def dump(element: Any, plain: Plain, line: int) -> str:
    """Return the element as one line. Text that no database can hold is refused."""
    said = json.dumps(element, ensure_ascii=False)
    if "\\u0000" in said:
        raise refuse(
            "nul_byte", f"Line {line} holds a zero byte.", file=plain.name, line=line,
            found="\0", expected="text", fix="Export the file again; it is not clean text.",
        )  # fmt: skip
    try:
        said.encode()
    except UnicodeEncodeError as error:
        raise bad_text(plain, line, said[max(0, error.start - 10) : error.start + 10]) from None
    return said + "\n"


def bad_json(plain: Plain, line: int, raw: bytes, reason: str, *, is_cut: bool) -> Problem:
    return problem(
        "truncated_line" if is_cut else "bad_json",
        f"The last line, {line}, is cut off." if is_cut else f"Line {line} is not JSON: {reason}.",
        file=plain.name, line=line, found=raw[-80:].decode("utf-8", errors="replace"),
        expected="one whole JSON object", fix="Fetch or export the file again.",
    )  # fmt: skip
