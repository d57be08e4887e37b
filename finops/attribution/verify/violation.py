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
    yield from rows_of_one_pass("", {check: (what, sql)}, params)


def rows_of_one_pass(
    shared: str, checks: dict[str, tuple[str, str]], params: dict[str, Any] | None = None
) -> Iterator[Violation]:
    """Do the same for several checks that read one dear thing, which is then read once.

    shared: the common table expressions of it, as they follow WITH. checks: what each finds
    wrong, in words, and its SELECT; the columns must be of types that UNION brings together.
    """
    # Each is planned to be read to its end, as it nearly always is: a LIMIT on the statement
    # itself makes the planner reach for plans whose first rows come soon and whose last come late.
    wrong = [f"{check} AS MATERIALIZED ({sql})" for check, (_, sql) in checks.items()]
    listed = " UNION ALL ".join(
        f"(SELECT '{check}', {check}.* FROM {check} LIMIT {SHOWN_PER_CHECK + 1})"
        for check in checks
    )
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join([*filter(None, [shared]), *wrong])} {listed}", params)
        rows = cursor.fetchall()
    for check, (what, _) in checks.items():
        of_check = [row[1:] for row in rows if row[0] == check]
        for where, expected, found in of_check[:SHOWN_PER_CHECK]:
            yield differ(check, what, where, expected, found)
        if len(of_check) > SHOWN_PER_CHECK:
            yield Violation(check, f"{what}: and more", "not listed", "", "", "")


def sums_differ(one: str, other: str, keys: int, amounts: int, *, rows_too: bool = False) -> bool:
    """Say whether two SELECTs of as many keys and then amounts differ in the sums of a group.

    One hashed pass over both, without a sort or a join, to learn whether a closer look is due.
    rows_too: a group that only one of them has is a difference too, though it sums to 0.
    """
    names = ", ".join(f"k{place}" for place in range(keys))
    sums = [f"a{place}" for place in range(amounts)]
    plus = f"SELECT {names}, {', '.join(sums)}, true AS is_one FROM ({one}) o ({names}, {', '.join(sums)})"
    minus = (
        f"SELECT {names}, {', '.join('-' + name for name in sums)}, false"
        f" FROM ({other}) o ({names}, {', '.join(sums)})"
    )
    wrong = [f"coalesce(sum({name}), 0) <> 0" for name in sums]
    if rows_too:
        wrong.append("bool_and(is_one) OR NOT bool_or(is_one)")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT FROM ({plus} UNION ALL {minus}) u"
            f" GROUP BY {names} HAVING {' OR '.join(wrong)}) w"
        )
        (groups,) = cursor.fetchone()
    return bool(groups)


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
