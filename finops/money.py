"""Exact money: nanos, largest-remainder splits, cents that add up.

A nano is 1e-9 of a currency's main unit. Splits work on integers, so what goes in comes out.
"""

from collections.abc import Hashable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

NANO_DIGITS = 9
NANOS: int = 10**NANO_DIGITS
CENT_NANOS = NANOS // 100


def to_nanos(amount: Decimal) -> int:
    """Round an amount to whole nanos, halves away from zero (as PostgreSQL's round does)."""
    return int(amount.scaleb(NANO_DIGITS).to_integral_value(rounding=ROUND_HALF_UP))


def from_nanos(nanos: int) -> Decimal:
    """Return the amount that these nanos stand for, exactly."""
    return Decimal(nanos).scaleb(-NANO_DIGITS)


def split(amount: int, weights: Mapping[K, int]) -> dict[K, int]:
    """Split an integer amount in proportion to integer weights, by largest remainder.

    Each part gets the floor of its share; the units left over go one each by
    (remainder descending, weight descending, key ascending). A negative amount is split by
    its size and negated. Raises ValueError when no weight is positive.
    """
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise ValueError("weights must be non-negative and not all zero")
    size = abs(amount)
    sign = -1 if amount < 0 else 1
    floors = {key: size * weight // total for key, weight in weights.items()}
    left = size - sum(floors.values())
    order = sorted(
        weights, key=lambda key: (-(size * weights[key] % total), -weights[key], str(key))
    )
    for key in order[:left]:
        floors[key] += 1
    return {key: sign * part for key, part in floors.items()}


def cents_that_add_up(amounts: Sequence[int], total: int | None = None) -> list[Decimal]:
    """Round nanos to cents so that the rounded rows add up to the rounded total.

    The total (default: the sum of the rows) is rounded once, halves away from zero; the rows
    get the floor of their cents and the cents left over by largest remainder.
    """
    total_nanos = sum(amounts) if total is None else total
    total_cents = to_cents(total_nanos)
    floors = [nanos // CENT_NANOS for nanos in amounts]
    left = total_cents - sum(floors)
    order = sorted(range(len(amounts)), key=lambda i: (-(amounts[i] % CENT_NANOS), i))
    step = 1 if left >= 0 else -1
    for i in (order if step > 0 else order[::-1])[: abs(left)]:
        floors[i] += step
    return [Decimal(cents).scaleb(-2) for cents in floors]


def to_cents(nanos: int) -> int:
    """Round nanos to whole cents, halves away from zero."""
    sign = -1 if nanos < 0 else 1
    return sign * ((abs(nanos) + CENT_NANOS // 2) // CENT_NANOS)
