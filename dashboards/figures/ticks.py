"""Round numbers for an axis. Coordinates only: floats are fine here, nothing is added up."""

import math
from collections.abc import Sequence

STEPS = (1, 2, 2.5, 4, 5, 10)


def ticks(low: float, high: float, most: int = 4) -> list[float]:
    """At most `most` + 1 round numbers; the first is at or below low, the last at or above high."""
    span = high - low
    if span <= 0:
        span = abs(high) or 1.0
    rough = span / most
    power = 10 ** math.floor(math.log10(rough))
    for step in (s * power for s in STEPS):
        first, last = math.floor(low / step), math.ceil(high / step)
        if last - first <= most:
            return [round(step * i, 10) for i in range(first, max(last, first + 1) + 1)]
    return [low, high]


def padded(low: float, high: float, ticks_at: Sequence[float]) -> list[float]:
    """The range of an axis: a little below the first tick, or its line would be cut; and above
    the last one, where the name of the axis stands."""
    first, last = min(low, ticks_at[0]), max(high, ticks_at[-1])
    return [first - (last - first) * 0.03, last + (last - first) * 0.1]
