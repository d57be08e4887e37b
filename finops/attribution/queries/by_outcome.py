"""The unit cost report by outcome: where each dollar of the period ended, item by item."""

from dataclasses import replace

from .books import COARSE, Books, Money, rows_of
from .organisation import team_refs
from .rows import as_row
from .shapes import Scope, UnitCostRow

TEAM = "TEAM:"
UNATTRIBUTED = "UNATTRIBUTED:"


def outcome_rows(scope: Scope, books: Books) -> list[UnitCostRow]:
    """Return a row per work item, one per team's shared money, one per unattributed reason."""
    return item_rows(scope) + overhead_rows(books, scope) + unattributed_rows(books)


def item_rows(scope: Scope) -> list[UnitCostRow]:
    """One row per work item that cells or pools of the period reached, the dearest first."""
    names: dict[int, tuple[str, str]] = {}
    money: dict[int, list[Money]] = {}
    for item, kind, external_id, title, tier, fate, provisional, nanos in rows_of(
        scope, *COARSE, "by_outcome"
    ):
        names[item] = (external_id, title or external_id)
        piece = Money(None, tier, "", kind, fate, provisional, nanos)
        money.setdefault(item, []).append(piece)
    rows = [replace(as_row(*names[item], pieces), item_id=item) for item, pieces in money.items()]
    return sorted(rows, key=lambda row: (-row.spend, row.key))


def overhead_rows(books: Books, scope: Scope) -> list[UnitCostRow]:
    """One row per team for its part of the shared money."""
    refs = team_refs(scope.known_on)
    shared: dict[int | None, list[Money]] = {}
    for piece in books.money:
        if piece.tier == "D":
            shared.setdefault(piece.team_id, []).append(piece)
    rows = [
        replace(
            as_row(TEAM + refs[team].slug, f"{refs[team].name}, shared", pieces), team=refs[team]
        )
        for team, pieces in shared.items()
    ]
    return sorted(rows, key=lambda row: row.key)


def unattributed_rows(books: Books) -> list[UnitCostRow]:
    """One row per reason why money reached no work."""
    reasons = sorted({piece.reason for piece in books.money if piece.tier == "E"})
    return [
        as_row(
            UNATTRIBUTED + reason,
            f"Unattributed: {reason.replace('_', ' ')}",
            [piece for piece in books.money if piece.tier == "E" and piece.reason == reason],
        )
        for reason in reasons
    ]
