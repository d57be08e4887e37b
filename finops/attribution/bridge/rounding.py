"""Exact amounts in whole nanos that add up to their total."""

from collections.abc import Mapping
from fractions import Fraction
from math import floor

from finops.attribution.bridge.causes import CAUSES, Slug


def whole_nanos(amounts: Mapping[Slug, Fraction], total: int) -> dict[Slug, int]:
    """Round to whole nanos so that the sum is the total, which lies less than one nano away.

    What is exact stays; the others are floored and get the nanos left over by largest
    remainder. An exact sum may be a nano off because both ends were rounded: the largest
    amount carries it then, and the rest that has no cause only when there is no other.
    """
    parts = {slug: amounts[slug] for slug in CAUSES if amounts.get(slug)}
    whole = {slug: floor(amount) for slug, amount in parts.items()}
    left = total - sum(whole.values())
    by_rest: list[Slug] = sorted(
        (slug for slug in parts if parts[slug] != whole[slug]),
        key=lambda slug: whole[slug] - parts[slug],
    )
    for slug in by_rest[: max(left, 0)]:
        whole[slug] += 1
        left -= 1
    if left:
        largest: Slug = max(
            parts, key=lambda s: (s != "unexplained", abs(parts[s])), default="unexplained"
        )
        whole[largest] = whole.get(largest, 0) + left
    return {slug: whole[slug] for slug in CAUSES if whole.get(slug)}
