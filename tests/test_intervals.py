"""Intervals against figures worked out elsewhere."""

import pytest

from finops.attribution import intervals
from finops.attribution.intervals import Moments, moments

COSTS = [120, 80, 200, 150, 60, 90, 300, 0]
COUNTS = [6, 4, 8, 5, 4, 3, 10, 0]


def test_ratio_of_eight_weeks_has_the_delta_interval_with_t():
    sums = moments(COSTS, COUNTS)
    assert intervals.ratio(sums) == 25.0
    assert intervals.delta_variance(sums) == pytest.approx(4.464285714285714)
    bounds = intervals.delta(sums)
    assert (bounds.low, bounds.high) == pytest.approx((20.003819, 29.996181), abs=1e-6)


def test_fieller_knows_that_the_count_is_uncertain_too():
    sums = moments(COSTS, COUNTS)
    assert intervals.fieller_g(sums) == pytest.approx(0.263597, abs=1e-6)
    bounds = intervals.fieller(sums)
    assert (bounds.low, bounds.high) == pytest.approx((17.666217, 29.622028), abs=1e-6)


def test_fieller_has_no_interval_when_counts_are_all_over_the_place():
    assert intervals.fieller(moments([10, 0, 0, 0, 0], [9, 0, 0, 0, 0])) is None


def test_fieller_has_no_interval_for_a_single_unit():
    assert intervals.fieller(moments([10], [3])) is None


def test_moments_of_two_teams_add():
    assert moments(COSTS[:3], COUNTS[:3]) + moments(COSTS[3:], COUNTS[3:]) == moments(COSTS, COUNTS)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        (0, 0, 3.688879),
        (1, 0.025318, 5.571643),
        (3, 0.618672, 8.767273),
        (10, 4.795389, 18.390356),
    ],
)
def test_poisson_interval_is_exact(count, low, high):
    bounds = intervals.poisson(count)
    assert (bounds.low, bounds.high) == pytest.approx((low, high), abs=1e-6)


def test_three_outcomes_for_500_dollars_cost_between_57_and_808():
    bounds = intervals.per_small_count(500, 3)
    assert (bounds.low, bounds.high) == pytest.approx((57.030276, 808.182528), abs=1e-5)


def test_no_outcome_for_500_dollars_costs_at_least_166_90():
    assert intervals.at_least(500) == pytest.approx(166.9041, abs=1e-4)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"), [(2, 25, 0.02222, 0.249661), (0, 12, 0.0, 0.242494)]
)
def test_wilson_interval_of_a_rate(hits, trials, low, high):
    bounds = intervals.wilson(hits, trials)
    assert (bounds.low, bounds.high) == pytest.approx((low, high), abs=1e-5)


def test_a_rate_of_nothing_has_no_interval():
    assert intervals.wilson(0, 0) is None


def test_few_outcomes_get_the_exact_interval_whatever_the_weeks_say():
    weeks = moments(COSTS, [n * 1_000_000 for n in COUNTS])
    bounds = intervals.per_outcome(500, 3, weeks, weeks)
    assert bounds.low == pytest.approx(57.030276, abs=1e-5)


def test_many_outcomes_get_fieller_over_weeks_in_millionths():
    weeks = moments(COSTS, [n * 1_000_000 for n in COUNTS])
    bounds = intervals.per_outcome(1000, 40, weeks, Moments())
    assert (bounds.low, bounds.high) == pytest.approx((17.666217, 29.622028), abs=1e-6)


def test_fewer_than_five_weeks_fall_back_on_days():
    days = moments(COSTS, [n * 1_000_000 for n in COUNTS])
    weeks = moments([500, 500], [20_000_000, 20_000_000])
    assert intervals.per_outcome(1000, 40, weeks, days).high == pytest.approx(29.622028, abs=1e-6)


def test_nanos_lose_nothing_to_cancellation():
    sums = moments([10**15 + 1, 10**15 + 2, 10**15 + 3], [10**6] * 3)
    assert sums.spread()[0] == 1.0
