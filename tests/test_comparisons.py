"""Like compared with like, and before and after against a control."""

from decimal import Decimal

import pytest

from finops.attribution.before_after import Series, difference_in_differences, moved_alike
from finops.attribution.like_for_like import Stratum, common_mix, standardised


def stratum(cost: int, outcomes: int) -> Stratum:
    return Stratum(Decimal(cost), Decimal(outcomes))


TEAMS = {
    "A": {"bug fixes": stratum(900, 90), "features": stratum(1100, 10)},
    "B": {"bug fixes": stratum(120, 10), "features": stratum(10_800, 90)},
}
FLAT = (2.0, 2.0, 2.0)


def test_a_team_that_does_small_things_is_hardly_cheaper_at_the_same_mix():
    mix = common_mix(TEAMS.values())
    assert {name: standardised(strata, mix).unit_cost for name, strata in TEAMS.items()} == {
        "A": 60, "B": 66,
    }  # fmt: skip


def test_the_common_mix_priced_at_itself_is_its_own_unit_cost():
    mix = common_mix(TEAMS.values())
    assert standardised(mix, mix).unit_cost == Decimal(12_920) / 200


def test_a_class_that_the_team_never_does_says_nothing_for_it_or_against_it():
    mix = {"small": stratum(900, 90), "large": stratum(900, 10)}
    found = standardised({"small": stratum(20, 1)}, mix)
    assert found.unit_cost == 2 * 18  # twice as dear as all, on what it does
    assert found.overlap == Decimal("0.9")


def test_a_team_with_other_work_than_the_rest_is_not_compared():
    mix = {"small": stratum(100, 10), "large": stratum(900, 10)}
    assert standardised({"small": stratum(10, 1)}, mix).unit_cost is None


def test_classes_that_cost_nothing_are_no_yardstick():
    assert standardised({"small": stratum(10, 1)}, {"small": stratum(0, 9)}).unit_cost is None


def test_the_effect_is_the_change_less_the_controls_change():
    found = difference_in_differences(
        Series(FLAT, (2.6, 2.6)), Series((2.1, 2.1, 2.1), (2.3, 2.3)), weeks_since=12
    )
    assert found.difference == pytest.approx(0.4)  # not the 0.6 that a reader sees first
    assert (found.interval.low, found.interval.high) == pytest.approx((0.4, 0.4))
    assert found.has_verdict


def test_the_interval_follows_from_how_much_the_gap_scatters():
    found = difference_in_differences(
        Series((1, 2, 1, 2), (4, 5, 4, 5)), Series((0, 0, 0, 0), (0, 0, 0, 0)), weeks_since=20
    )
    # gaps 1 2 1 2 and 4 5 4 5: variance 1/3 each, error sqrt(1/6), t of 3 degrees 3.182446
    half = 3.182446 * (1 / 6) ** 0.5
    assert (found.interval.low, found.interval.high) == pytest.approx((3 - half, 3 + half))


def test_one_period_after_gives_an_effect_without_an_interval():
    found = difference_in_differences(Series(FLAT, (2.6,)), Series(FLAT, (2.2,)), weeks_since=13)
    assert (found.difference, found.interval) == (pytest.approx(0.4), None)


def test_no_verdict_before_twelve_weeks():
    flat = Series(FLAT, (3.0, 3.0))
    early = difference_in_differences(flat, Series(FLAT, (2.0, 2.0)), weeks_since=11)
    assert (early.has_verdict, early.why_not) == (False, "too_early")


def test_no_verdict_with_two_periods_before():
    found = difference_in_differences(
        Series((1, 1), (2, 2)), Series((1, 1), (1, 1)), weeks_since=20
    )
    assert found.why_not == "few_periods_before"


def test_no_verdict_where_the_gap_was_growing_already():
    found = difference_in_differences(
        Series((1, 2, 3, 4.1), (6, 7)), Series((1, 1, 1, 1), (1, 1)), weeks_since=20
    )
    assert found.gaps_before == pytest.approx((0, 1, 2, 3.1))
    assert found.why_not == "not_parallel"


def test_a_gap_that_only_scatters_is_no_trend():
    assert moved_alike((0.1, -0.1, 0.1, -0.1, 0.1))
    assert moved_alike((0.3, 0.3, 0.3))
    assert not moved_alike((0.0, 1.0, 2.0))


@pytest.mark.parametrize("control", [Series((1, 1), (1,)), Series((), ())])
def test_two_groups_over_different_periods_are_refused(control):
    with pytest.raises(ValueError, match=r"zip|period"):
        difference_in_differences(Series((), (1,)), control, weeks_since=20)
