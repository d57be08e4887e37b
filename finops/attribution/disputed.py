"""Name a piece of a bill by its own words, as narrowly as an allocation rule can."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from finops.attribution.models import AllocationRule, Cell
from finops.attribution.rules import CHARGE, FIELDS, joins, predicate

# Words that a restated bill repeats; the team is who would pay without rules.
NATURAL = tuple(field for field in FIELDS if field not in ("bill_line", "invoice_id"))


@dataclass(frozen=True)
class Piece:
    """The cells of one bill line that one team pays, and the conditions that match only them."""

    cells: tuple[int, ...]
    conditions: tuple[dict[str, Any], ...]
    valid_from: date
    valid_to: date  # half-open
    nanos: int
    currency: str
    vendor: str
    is_by_line: bool  # no words tell it from another line, so it is named by its number


def piece_of(charged_on: date, charge_id: int, team_id: int) -> Piece | None:
    """Return the piece of a bill line that a team pays; None when it pays nothing of it."""
    cells = list(Cell.objects.filter(charged_on=charged_on, charge_id=charge_id, team_id=team_id))
    if not cells:
        return None
    ids = tuple(sorted(cell.pk for cell in cells))
    days = min(cell.day for cell in cells), max(cell.day for cell in cells) + timedelta(days=1)
    conditions = words_of(ids)
    is_by_line = not only_these(conditions, days, ids)
    if is_by_line:
        line = f"{charged_on}-{charge_id}"
        conditions = (*conditions, {"field": "bill_line", "op": "is", "values": [line]})
    return Piece(
        cells=ids,
        conditions=conditions,
        valid_from=days[0],
        valid_to=days[1],
        nanos=sum(cell.billed_nanos for cell in cells),
        currency=cells[0].currency,
        vendor=cells[0].vendor,
        is_by_line=is_by_line,
    )


def words_of(cells: Sequence[int]) -> tuple[dict[str, Any], ...]:
    """Return a condition for every field in which the cells say something, or all say nothing.

    A field that only some of them fill tells nothing apart and is left out.
    """
    columns = ", ".join(
        f"array_agg(DISTINCT coalesce(lower({FIELDS[name][1]}), ''))" for name in NATURAL
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM attribution_cell c {CHARGE} WHERE c.id = ANY(%s)", [list(cells)]
        )
        found = dict(zip(NATURAL, cursor.fetchone(), strict=True))
    return tuple(
        {"field": name, "op": "is", "values": values}
        if all(values)
        else {"field": name, "op": "is_empty", "values": []}
        for name, values in found.items()
        if all(values) or values == [""]
    )


def only_these(
    conditions: Sequence[dict[str, Any]], days: tuple[date, date], cells: Sequence[int]
) -> bool:
    """Whether a rule of these conditions and days would move these cells and no others."""
    rule = AllocationRule(
        method=AllocationRule.Method.TEAM,
        conditions=list(conditions),
        valid_from=days[0],
        valid_to=days[1],
    )
    sql = predicate(rule)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.id FROM attribution_cell c {joins(sql)}"
            f" WHERE c.day >= %s AND c.day < %s AND {sql.text} ORDER BY c.id LIMIT {len(cells) + 1}",
            [*days, *sql.params],
        )
        return [number for (number,) in cursor.fetchall()] == list(cells)
