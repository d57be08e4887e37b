"""The method a second time, slowly and row by row, from facts alone: what settle must equal.

Written from the method's text, sharing no code with the SQL. It answers with the billed nanos
of every (charge, usage row, tier, reason, item, team).
"""

from collections import defaultdict
from typing import Any

from .cells import Piece, pieces
from .payers import payer
from .waterfall import Items, with_pools

Answer = dict[tuple[Any, ...], int]


def answer() -> Answer:
    """Return billed nanos per (charge id, usage id, tier, reason, item id, team id)."""
    found = list(pieces())
    items = Items()
    placed: list[tuple[Piece, str, str, int | None, int | None, int]] = []
    for piece in found:
        person, team, shared = payer(piece)
        for tier, reason, item, nanos in items.place(piece, person, team, shared):
            paying = None if tier == "D" else team
            placed.append((piece, tier, reason, item, paying, nanos))
    total: Answer = defaultdict(int)
    for piece, tier, reason, item, team, nanos in with_pools(placed, items):
        charge, usage = piece.charge, piece.usage
        total[charge and charge.id, usage and usage.id, tier, reason, item, team] += nanos
    return {key: nanos for key, nanos in total.items() if nanos}
