"""How much of a change is price and how much the mix of models: list price is the yardstick.

For each source that both periods have, with b = paid, l = the same at list price, q = tokens:
price = b1 - l1 * (b0/l0): what is paid more or less for the same list price.
mix   = (l1 - q1 * (l0/q0)) * (b0/l0): dearer or cheaper tokens, at the old share of list.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from .books import FINE, rows_of
from .shapes import Scope

ONE = Decimal(1)


@dataclass(frozen=True)
class Priced:
    """What a scope paid for one model of a source, at list price, and in tokens."""

    source: str
    model: str
    paid: Decimal
    listed: Decimal
    tokens: Decimal


@dataclass(frozen=True)
class Effect:
    """Nanos of one source's price or mix, and the figures that say why."""

    source: str
    nanos: int
    reason: str


def priced(scope: Scope) -> list[Priced]:
    """Return the scope's money that logs can put a list price to."""
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for source, model, *amounts in rows_of(scope, *FINE, "list_value"):
        known = sums.setdefault((source, model), [Decimal(0)] * len(amounts))
        sums[source, model] = [a + b for a, b in zip(known, amounts, strict=True)]
    return [Priced(*names, *amounts) for names, amounts in sums.items()]


def by_source(pieces: Iterable[Priced]) -> dict[str, list[Priced]]:
    groups: dict[str, list[Priced]] = {}
    for piece in pieces:
        groups.setdefault(piece.source, []).append(piece)
    return groups


def effects(before: list[Priced], after: list[Priced]) -> tuple[list[Effect], list[Effect]]:
    """Return the price effects and the mix effects of the sources that both periods have."""
    old, new = by_source(before), by_source(after)
    prices, mixes = [], []
    for source in sorted(old.keys() & new.keys()):
        (b0, l0, q0), (b1, l1, q1) = sums(old[source]), sums(new[source])
        share_of_list = b0 / l0
        price = whole(b1 - l1 * share_of_list)
        mix = whole((l1 - q1 * l0 / q0) * share_of_list)
        if price:
            now, was = told_apart(b1 / l1, share_of_list)
            reason = f"{source} at {now} of list price, before {was}"
            prices.append(Effect(source, price, reason))
        if mix:
            mixes.append(Effect(source, mix, shift(source, old[source], new[source])))
    return prices, mixes


def sums(pieces: list[Priced]) -> tuple[Decimal, Decimal, Decimal]:
    return (
        sum((piece.paid for piece in pieces), Decimal(0)),
        sum((piece.listed for piece in pieces), Decimal(0)),
        sum((piece.tokens for piece in pieces), Decimal(0)),
    )


def shift(source: str, old: list[Priced], new: list[Priced]) -> str:
    """Return the model whose share of a source's list value grew most, and how far."""
    nothing = Decimal(0)
    before, after = shares(old), shares(new)
    _, model = max((share - before.get(name, nothing), name) for name, share in after.items())
    was, now = percent(before.get(model, nothing)), percent(after[model])
    if was == now:
        return f"{source} tokens have another list price, with the same models"
    return f"{model} share of {source}, {was} to {now}"


def shares(pieces: list[Priced]) -> dict[str, Decimal]:
    total = sums(pieces)[1]
    return {piece.model: piece.listed / total for piece in pieces}


def whole(nanos: Decimal) -> int:
    return int(nanos.quantize(ONE, rounding=ROUND_HALF_UP))


def told_apart(now: Decimal, was: Decimal) -> tuple[str, str]:
    """Return two shares with as many digits as it takes to see which is larger, two at most."""
    pairs = [(percent(now, digits), percent(was, digits)) for digits in range(3)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


def percent(share: Decimal, digits: int = 0) -> str:
    unit = ONE.scaleb(-digits)
    return f"{(share * 100).quantize(unit, rounding=ROUND_HALF_UP)} %"
