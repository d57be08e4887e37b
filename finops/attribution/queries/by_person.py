"""The unit cost report by person, for organisations that allow it. Never ranked."""

from dataclasses import dataclass

from .books import Books, Money, rows_of
from .rows import as_row
from .shapes import Scope, UnitCostRow

FEWEST_PEOPLE = 5
FEW = "fewer than five"
NOBODY = "no person"


@dataclass(frozen=True)
class PersonMoney:
    """A piece of money and whose usage caused it (None: nobody known)."""

    person_id: int | None
    name: str
    email: str
    money: Money


def person_rows(scope: Scope, books: Books) -> list[UnitCostRow]:
    """One row per person, by name; the people of teams under five share one row.

    What no person caused, shared money included, is one row too, so that rows sum to the total.
    """
    pieces = person_money(scope)
    small = small_teams(pieces)
    money: dict[tuple[str, str], list[Money]] = {}
    for piece in pieces:
        row = (
            (NOBODY, NOBODY)
            if piece.person_id is None
            else (FEW, FEW)
            if piece.money.team_id in small
            else (piece.name, piece.email)
        )
        money.setdefault(row, []).append(piece.money)
    shared = [piece for piece in books.money if piece.tier == "D"]
    if shared:
        money.setdefault((NOBODY, NOBODY), []).extend(shared)
    order = sorted(money, key=lambda row: (row[1] in (FEW, NOBODY), row[1] == NOBODY, *row))
    return [as_row(email, name, money[name, email]) for name, email in order]


def person_money(scope: Scope) -> list[PersonMoney]:
    return [
        PersonMoney(person, name, email, Money(team, tier, reason, "", fate, provisional, nanos))
        for person, name, email, team, tier, reason, fate, provisional, nanos in rows_of(
            scope, "allocated", "by_person"
        )
    ]


def small_teams(pieces: list[PersonMoney]) -> set[int | None]:
    """Return the teams (None: no team) in which fewer than five people caused money."""
    people: dict[int | None, set[int]] = {}
    for piece in pieces:
        if piece.person_id is not None:
            people.setdefault(piece.money.team_id, set()).add(piece.person_id)
    return {team for team, ids in people.items() if len(ids) < FEWEST_PEOPLE}
