"""The method a second time, slowly and row by row, from facts alone: what settle must equal.

Written from the method's text, sharing no code with the SQL. It answers with the billed nanos
of every (charge, usage row, tier, reason, item, team).
"""

from collections import defaultdict
from typing import Any

from .cells import Piece, pieces
from .payers import payer
from .rules import Share, followed, shares_of, spread
from .waterfall import Items, based_months, direct_by_team, with_pools

Answer = dict[tuple[Any, ...], int]
Placed = tuple[Piece, str, str, int | None, int | None, int]


def answer() -> Answer:
    """Return billed nanos per (charge id, usage id, tier, reason, item id, team id)."""
    items, rules = Items(), followed()
    placed: list[Placed] = []
    waiting: list[Share] = []
    paid: list[tuple[Piece, int | None]] = []
    for piece in pieces():
        person, own, is_shared = payer(piece)
        for share in shares_of(piece, own, is_shared, rules):
            paid.append((share.piece, share.team))
            if share.waits and not piece.is_excluded:
                waiting.append(share)
                continue
            for tier, reason, item, nanos in items.place(
                share.piece, person, share.team, share.is_shared
            ):
                team = None if tier == "D" and not share.rule else share.team
                placed.append((share.piece, tier, reason, item, team, nanos))
    placed = list(with_pools(placed, items))
    direct = direct_by_team(placed)
    for piece, team, nanos in spread(waiting, direct, paid):
        placed.append((piece, "D", "", None, team, nanos))
    return _summed(placed, based_months(direct))


def _summed(placed: list[Placed], based: set[str]) -> Answer:
    """Add up; shared money that is nobody's yet reached nothing in a month without a base."""
    total: Answer = defaultdict(int)
    for piece, tier, reason, item, team, nanos in placed:
        if tier == "D" and team is None and f"{piece.at:%Y-%m}" not in based:
            tier, reason = "E", "no_base"  # noqa: PLW2901
        charge, usage = piece.charge, piece.usage
        total[charge and charge.id, usage and usage.id, tier, reason, item, team] += nanos
    return {key: nanos for key, nanos in total.items() if nanos}
