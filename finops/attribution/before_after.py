"""Did it get better because of the change, or would it have anyway? Difference in differences. Pure.

The change of those who changed, less the change of a control over the same periods. It means
something only where both moved alike before, and it says "associated with", never "caused by":
who adopts first chooses to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from .intervals import Interval, student

FEWEST_PERIODS_BEFORE = 3
FEWEST_WEEKS = 12  # a new tool costs before it pays: a dip of some weeks is no verdict


@dataclass(frozen=True)
class Series:
    """One group's measure per period, before and after the change."""

    before: Sequence[float]
    after: Sequence[float]


@dataclass(frozen=True)
class Effect:
    """The difference in differences with its interval, and the reason where there is no verdict.

    why_not: few_periods_before, not_parallel, too_early or empty. `gaps_before` (treated less
    control) are what a reader looks at to see whether both moved alike.
    """

    difference: float
    interval: Interval | None
    gaps_before: tuple[float, ...]
    why_not: str

    @property
    def has_verdict(self) -> bool:
        return not self.why_not


def difference_in_differences(treated: Series, control: Series, *, weeks_since: int) -> Effect:
    """Return how much more the treated changed than the control, and whether that may be said.

    Raises ValueError where the two do not cover the same periods, or none.
    """
    before = gaps(treated.before, control.before)
    after = gaps(treated.after, control.after)
    return Effect(
        difference=mean(after) - mean(before),
        interval=interval(before, after),
        gaps_before=tuple(before),
        why_not=why_not(before, weeks_since),
    )


def gaps(treated: Sequence[float], control: Sequence[float]) -> list[float]:
    if not treated:
        raise ValueError("there is no period to compare")
    return [t - c for t, c in zip(treated, control, strict=True)]


def why_not(gaps_before: Sequence[float], weeks_since: int) -> str:
    """Return why there is no verdict; empty where there is one."""
    if weeks_since < FEWEST_WEEKS:
        return "too_early"
    if len(gaps_before) < FEWEST_PERIODS_BEFORE:
        return "few_periods_before"
    return "" if moved_alike(gaps_before) else "not_parallel"


def moved_alike(gaps_before: Sequence[float]) -> bool:
    """Whether the gap shows no trend: the interval of its slope holds zero."""
    slope, error = trend(gaps_before)
    return abs(slope) <= student(len(gaps_before) - 2) * error + rounding(gaps_before)


def rounding(values: Sequence[float]) -> float:
    """Return what arithmetic alone may make of a flat line."""
    return 1e-12 * max(map(abs, values), default=0.0)


def trend(values: Sequence[float]) -> tuple[float, float]:
    """Return the slope per period by least squares, and its standard error."""
    number = len(values)
    middle, level = (number - 1) / 2, mean(values)
    spread = sum((i - middle) ** 2 for i in range(number))
    slope = sum((i - middle) * (value - level) for i, value in enumerate(values)) / spread
    rest = sum((value - level - slope * (i - middle)) ** 2 for i, value in enumerate(values))
    return slope, sqrt(rest / (number - 2) / spread)


def interval(before: Sequence[float], after: Sequence[float]) -> Interval | None:
    """Return the effect's 95 % interval from how much the gaps scatter, or None: too few periods.

    Welch's, with the smaller number of periods for Student's t: wider, never narrower.
    """
    if min(len(before), len(after)) < 2:
        return None
    error = sqrt(variance(before) / len(before) + variance(after) / len(after))
    half = student(min(len(before), len(after)) - 1) * error
    effect = mean(after) - mean(before)
    return Interval(effect - half, effect + half)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def variance(values: Sequence[float]) -> float:
    level = mean(values)
    return sum((value - level) ** 2 for value in values) / (len(values) - 1)
