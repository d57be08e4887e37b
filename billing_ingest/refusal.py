"""How a file is refused: what is wrong, where, what was expected and how to mend it."""

import unicodedata
from typing import TypedDict

PROBLEMS_MAX = 100
FOUND_MAX = 80


class Problem(TypedDict):
    """One thing wrong with a file. `line` and `column` are the file's own."""

    code: str
    message: str
    file: str
    line: int | None
    column: str | None
    found: str | None
    expected: str | None
    fix: str


class Refused(Exception):  # noqa: N818 - it is a verdict on a file, not a fault of ours
    """The file is refused whole; nothing of it was booked."""

    def __init__(self, problems: list[Problem], count: int | None = None) -> None:
        super().__init__(problems[0]["message"])
        self.problems = problems[:PROBLEMS_MAX]
        self.count = len(problems) if count is None else count


def problem(
    code: str,
    message: str,
    *,
    file: str = "",
    line: int | None = None,
    column: str | None = None,
    found: str | None = None,
    expected: str | None = None,
    fix: str = "",
) -> Problem:
    """Build a problem; what was found is made safe to show and cut to 80 characters."""
    return Problem(
        code=code,
        message=message,
        file=file,
        line=line,
        column=column,
        found=None if found is None else shown(found),
        expected=expected,
        fix=fix,
    )


def refuse(code: str, message: str, **where: object) -> Refused:
    """Return the refusal for a single problem, to be raised."""
    return Refused([problem(code, message, **where)])  # type: ignore[arg-type]


def shown(text: str) -> str:
    """Return the text as it may be printed: control and direction marks escaped, cut to size."""
    safe = "".join(
        char if unicodedata.category(char)[0] != "C" else char.encode("unicode_escape").decode()
        for char in text[:FOUND_MAX]
    )
    return (
        safe if len(safe) <= FOUND_MAX and len(text) <= FOUND_MAX else safe[: FOUND_MAX - 1] + "…"
    )
