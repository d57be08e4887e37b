"""Rows of the unit cost report, added up from pieces of money."""

from collections.abc import Iterable

from .books import Money
from .shapes import FATES, TIERS, UnitCostRow


def as_row(key: str, label: str, money: Iterable[Money]) -> UnitCostRow:
    """Return a row whose tiers and fates each sum to billed + provisional."""
    billed = provisional = 0
    tiers = dict.fromkeys(TIERS, 0)
    fates = dict.fromkeys(FATES, 0)
    for piece in money:
        tiers[piece.tier] += piece.nanos
        fates[piece.fate] += piece.nanos
        if piece.is_provisional:
            provisional += piece.nanos
        else:
            billed += piece.nanos
    return UnitCostRow(key, label, billed, provisional, tiers, fates, kinds={})


def no_amounts(key: str) -> UnitCostRow:
    """Return a row without any money."""
    return as_row(key, key, ())
