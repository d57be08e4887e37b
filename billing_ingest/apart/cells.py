"""What the cells of a workbook say, as exact text: numbers, dates, shared texts.

A workbook keeps its numbers as doubles. One is given as the shortest text that reads back as the
same double: what a person typed, up to 15 digits. Digits that no double holds are refused.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

SHARED_MAX = 256 * 1024**2  # characters
SHARED_COUNT_MAX = 5_000_000
PLAIN_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})")
NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\.[0-9]+([eE][-+]?[0-9]+)?")
DIGITS_OF_DOUBLE = 17
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
NOT_FORMAT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
BUILT_IN_DAYS = {14, 15, 16, 17, *range(27, 32), 36, *range(50, 59)}
BUILT_IN_TIMES = {18, 19, 20, 21, 22, 32, 33, 34, 35}
LAST_SERIAL = 2_958_466  # the day after 9999-12-31


@dataclass
class Cell:
    """A cell while its XML goes by."""

    type: str  # n number, s shared text, str text, inlineStr, b, e, d
    style: str
    has_value: bool = False
    is_formula: bool = False
    text: list[str] = field(default_factory=list)


class Shared:
    """The texts that cells name by number."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.parts: list[str] = []
        self.takes_text = False
        self.is_phonetic = False
        self.size = 0

    def start(self, tag: str, _: dict[str, str]) -> None:
        self.is_phonetic = self.is_phonetic or tag == "rPh"
        self.takes_text = tag == "t" and not self.is_phonetic

    def characters(self, said: str) -> None:
        if self.takes_text:
            self.parts.append(said)
            self.size += len(said)
            if self.size > SHARED_MAX:
                raise MemoryError

    def end(self, tag: str) -> None:
        self.takes_text = False
        if tag == "rPh":
            self.is_phonetic = False
        if tag == "si":
            self.texts.append("".join(self.parts))
            self.parts.clear()
            if len(self.texts) > SHARED_COUNT_MAX:
                raise MemoryError


class DateFormats:
    """Which styles of cells show a number as a day or a time."""

    def __init__(self) -> None:
        self.custom: dict[int, str] = {}
        self.kinds: list[str] = []  # of each style: day, time or empty
        self.is_in_styles = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "numFmt":
            self.custom[int(attributes.get("numFmtId", 0))] = attributes.get("formatCode", "")
        elif tag in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            self.is_in_styles = tag == "cellXfs"
        elif tag == "xf" and self.is_in_styles:
            self.kinds.append(self.kind(int(attributes.get("numFmtId", 0))))

    def kind(self, number: int) -> str:
        if number in self.custom:
            shown = NOT_FORMAT.sub("", self.custom[number]).lower().split(";")[0]
            if "general" in shown or not re.search("[ymdhs]", shown):
                return ""
            # Minutes are written like months: with hours or seconds beside them it is a time.
            return "time" if re.search("[hs]", shown) else "day"
        if number in BUILT_IN_DAYS:
            return "day"
        return "time" if number in BUILT_IN_TIMES else ""

    def of(self, style: str) -> str:
        place = int(style or 0)
        return self.kinds[place] if place < len(self.kinds) else ""


def text_of(cell: Cell, shared: Shared, dates: DateFormats, *, is_1904: bool) -> str:
    """Return the cell's value as text. Raises ValueError with a code; IndexError."""
    said = "".join(cell.text)
    if cell.type == "s":
        return unescaped(shared.texts[int(said)]) if said else ""
    if cell.type in ("str", "inlineStr"):
        return unescaped(said)
    if cell.type == "b":
        return {"1": "true", "0": "false"}.get(said, said)
    if cell.type in ("d", "e") or not said:
        return said
    if NUMBER.fullmatch(said) is None:
        raise ValueError("bad_cell")
    kind = dates.of(cell.style)
    return (moment(said, kind, is_1904=is_1904) if kind else "") or number(said)


def number(said: str) -> str:
    """Return the number as the shortest text for its double."""
    if PLAIN_INTEGER.fullmatch(said):
        return said
    exact = Decimal(said)
    shortest = repr(float(said)).removesuffix(".0")
    is_exact = Decimal(shortest) == exact if shortest not in ("inf", "-inf") else False
    if not is_exact and len(exact.normalize().as_tuple().digits) > DIGITS_OF_DOUBLE:
        raise ValueError("number_digits")
    return shortest


def moment(said: str, kind: str, *, is_1904: bool) -> str:
    """Return a day or a time that is kept as a count of days; empty when it is out of range."""
    serial = Decimal(said)
    if not 0 < serial < LAST_SERIAL or (not is_1904 and serial < 1):
        return ""
    # The system of 1900 counts a 29 February 1900 that never was.
    first = date(1904, 1, 1) if is_1904 else date(1899, 12, 30 if serial >= 60 else 31)
    epoch = datetime.combine(first, time())
    milliseconds = round((serial % 1) * 86_400_000)
    try:
        at = epoch + timedelta(days=int(serial), milliseconds=milliseconds)
    except OverflowError:
        return ""
    if kind == "day" and not milliseconds:
        return at.date().isoformat()
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds")


def unescaped(said: str) -> str:
    """Return text with the control characters that XML cannot hold."""
    said = ESCAPED.sub(lambda found: chr(int(found[1], 16)), said) if "_x" in said else said
    if "\0" in said:
        raise ValueError("nul_byte")
    return said


def address(reference: str) -> int | None:
    """Return the column of a cell's name, counted from 0; None when it has none."""
    column = 0
    for char in reference:
        if not "A" <= char <= "Z":
            break
        column = column * 26 + ord(char) - ord("A") + 1
    return column - 1 if column else None
