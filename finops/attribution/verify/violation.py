"""What a check finds wrong: one named difference between what must hold and what is there."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

SHOWN_PER_CHECK = 100  # a broken rollup may differ in every row; the first hundred tell the story


@dataclass(frozen=True)
class Violation:
    """One broken promise. Amounts are exact decimal strings, nanos whole numbers."""

    check: str
    what: str  # what is wrong, in words
    where: str
    expected: str
    found: str
    difference: str  # found - expected, empty when they are no numbers

    def as_dict(self) -> dict[str, str]:
        return asdict(self)

    def __str__(self) -> str:
        words = f"{self.what}: {self.where}: expected {self.expected}, found {self.found}"
        return f"{words}, difference {self.difference}" if self.difference else words


def differ(check: str, what: str, where: str, expected: Any, found: Any) -> Violation:
    """Name a difference; both sides may be Decimal, int, text or None."""
    return Violation(
        check, what, where, _text(expected), _text(found), _text(_difference(expected, found))
    )


def rows_that_differ(
    check: str, what: str, sql: str, params: dict[str, Any] | None = None
) -> Iterator[Violation]:
    """Run a SELECT of (where, expected, found) that yields wrong rows only.

    With params, a per cent sign of the SQL is written twice.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {SHOWN_PER_CHECK + 1}", params)
        rows = cursor.fetchall()
    for where, expected, found in rows[:SHOWN_PER_CHECK]:
        yield differ(check, what, where, expected, found)
    if len(rows) > SHOWN_PER_CHECK:
        yield Violation(check, f"{what}: and more", "not listed", "", "", "")


def _difference(expected: Any, found: Any) -> Decimal | None:
    numbers = (int, Decimal)
    if isinstance(expected, numbers) and isinstance(found, numbers):
        return Decimal(found) - Decimal(expected)
    return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, Decimal) or not value.is_finite():
        return str(value)
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
