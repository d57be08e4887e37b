"""How sure a ratio is: intervals for cost per outcome, small counts and rates. Pure.

Everything is two-sided at 95 %, except `at_least`. Statistics are floats; money stays with the
caller, who passes it in and rounds what comes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt

CONFIDENCE = 0.95
TAIL = (1 - CONFIDENCE) / 2
SMALL_COUNT = 10  # below it the count itself is the uncertain part
FEWEST_UNITS = 5


@dataclass(frozen=True)
class Interval:
    """Lower and upper bound."""

    low: float
    high: float


@dataclass(frozen=True)
class Moments:
    """Sums over units (a team's week, say) of cost c and count n: all that a ratio needs.

    They add: the moments of two teams are the sum of each team's.
    """

    units: int = 0
    c: int = 0
    n: int = 0
    cc: int = 0
    nn: int = 0
    cn: int = 0

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(
            self.units + other.units,
            self.c + other.c,
            self.n + other.n,
            self.cc + other.cc,
            self.nn + other.nn,
            self.cn + other.cn,
        )

    def spread(self) -> tuple[float, float, float]:
        """Return the sample variances of c and n and their covariance, free of cancellation."""
        scale = self.units * (self.units - 1)
        return (
            (self.units * self.cc - self.c * self.c) / scale,
            (self.units * self.nn - self.n * self.n) / scale,
            (self.units * self.cn - self.c * self.n) / scale,
        )


def moments(costs: Sequence[int], counts: Sequence[int]) -> Moments:
    """Return the moments of units given as two equally long lists."""
    pairs = list(zip(costs, counts, strict=True))
    return Moments(
        len(pairs),
        sum(costs),
        sum(counts),
        sum(c * c for c in costs),
        sum(n * n for n in counts),
        sum(c * n for c, n in pairs),
    )


def ratio(sums: Moments) -> float:
    """Return cost per count over all units."""
    return sums.c / sums.n


def delta_variance(sums: Moments) -> float:
    """Return the variance of the ratio by the delta method."""
    var_c, var_n, cov = sums.spread()
    r = ratio(sums)
    mean = sums.n / sums.units
    return (var_c - 2 * r * cov + r * r * var_n) / (sums.units * mean * mean)


def delta(sums: Moments) -> Interval:
    """Return the ratio's interval by the delta method with Student's t."""
    half = student(sums.units - 1) * sqrt(max(delta_variance(sums), 0.0))
    return Interval(ratio(sums) - half, ratio(sums) + half)


def fieller_g(sums: Moments) -> float:
    """Return how uncertain the mean count is; at 1 or more a ratio has no finite interval."""
    var_n = sums.spread()[1]
    mean = sums.n / sums.units
    return student(sums.units - 1) ** 2 * var_n / (sums.units * mean * mean)


def fieller(sums: Moments) -> Interval | None:
    """Return the ratio's interval by Fieller's theorem, or None where it has none."""
    if sums.units < 2 or sums.n <= 0 or fieller_g(sums) >= 1:
        return None
    var_c, var_n, cov = sums.spread()
    t2 = student(sums.units - 1) ** 2 / sums.units
    mean_c, mean_n = sums.c / sums.units, sums.n / sums.units
    a = mean_n * mean_n - t2 * var_n
    b = mean_c * mean_n - t2 * cov
    root = sqrt(max(b * b - a * (mean_c * mean_c - t2 * var_c), 0.0))
    return Interval((b - root) / a, (b + root) / a)


def poisson(count: float) -> Interval:
    """Return the exact interval of a Poisson mean, given what was counted.

    Credits split between teams make fractions; the gamma quantiles take them as they are.
    """
    from scipy.special import gammaincinv

    low = float(gammaincinv(count, TAIL)) if count > 0 else 0.0
    return Interval(low, float(gammaincinv(count + 1, 1 - TAIL)))


def per_small_count(cost: float, count: float) -> Interval:
    """Return the interval of cost / count for a small count and a given cost."""
    bounds = poisson(count)
    return Interval(cost / bounds.high, cost / bounds.low)


def at_least(cost: float) -> float:
    """Return the one-sided 95 % lower bound of the cost per outcome when there was none."""
    return cost / -log(1 - CONFIDENCE)


def wilson(hits: float, trials: float) -> Interval | None:
    """Return Wilson's interval of a rate, or None without trials."""
    if trials <= 0:
        return None
    from scipy.special import ndtri

    z2 = float(ndtri(1 - TAIL)) ** 2
    rate = hits / trials
    centre = rate + z2 / (2 * trials)
    half = sqrt(z2 * (rate * (1 - rate) / trials + z2 / (4 * trials * trials)))
    width = 1 + z2 / trials
    return Interval(max((centre - half) / width, 0.0), min((centre + half) / width, 1.0))


def per_outcome(cost: float, outcomes: float, weeks: Moments, days: Moments) -> Interval | None:
    """Return the interval of cost per outcome, or None: too few outcomes to say.

    Few outcomes: exact Poisson. Else Fieller over team-weeks, over team-days where there are
    not enough weeks. The moments count in millionths of an outcome.
    """
    if outcomes <= 0:
        return None
    if outcomes < SMALL_COUNT:
        return per_small_count(cost, outcomes)
    bounds = fieller(weeks if weeks.units >= FEWEST_UNITS else days)
    if bounds is None:
        return None
    return Interval(max(bounds.low, 0.0) * 1_000_000, bounds.high * 1_000_000)


@lru_cache(maxsize=1024)
def student(freedom: int) -> float:
    """Return the two-sided 95 % quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - TAIL))
