"""The method's worked figures against the product's functions, number by number."""

import json
from fractions import Fraction
from typing import Any

import pytest

from finops.attribution import intervals
from finops.attribution.intervals import Interval, moments
from finops.attribution.present import cents_of_column
from finops.attribution.rules import absorbed
from finops.money import split
from tests.samples import shared


@pytest.fixture(scope="module")
def examples() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared("attribution_examples.json").read_text())
    return found


@pytest.fixture(scope="module")
def stats(examples: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = examples["stats"]
    return found


def both(bounds: Interval | None) -> tuple[float, float]:
    assert bounds
    return bounds.low, bounds.high


def test_every_split_by_largest_remainder(examples: dict[str, Any]) -> None:
    for case in examples["lrm"]:
        assert split(case["amount"], case["weights"]) == case["expect"], case


def test_rows_are_rounded_to_the_printed_total_and_not_one_by_one(
    examples: dict[str, Any],
) -> None:
    case = next(case for case in examples["lrm"] if case["amount"] == 250)
    nanos = list(case["weights"].values())
    assert sum(nanos) == 2_499_999_999
    assert cents_of_column(nanos, 250) == list(case["expect"].values()) == [124, 123, 3]
    assert sum(round(n / 10_000_000) for n in nanos) == 249  # what rounding row by row would print


def test_the_ratio_of_eight_person_weeks(stats: dict[str, Any]) -> None:
    case = stats["ratio_delta"]
    sums = moments(case["cost"], case["n"])
    assert intervals.ratio(sums) == case["R"]
    assert intervals.delta_variance(sums) == pytest.approx(case["var"])
    assert intervals.delta_variance(sums) ** 0.5 == pytest.approx(case["se"])
    half = 1.959964 * intervals.delta_variance(sums) ** 0.5
    assert (25 - half, 25 + half) == pytest.approx(tuple(case["z95"]), abs=1e-5)
    assert both(intervals.delta(sums)) == pytest.approx(tuple(case["t95_df7"]), abs=1e-6)
    assert intervals.fieller_g(sums) == pytest.approx(case["fieller_g"], abs=1e-6)
    assert both(intervals.fieller(sums)) == pytest.approx(tuple(case["fieller95"]), abs=1e-6)


def test_exact_poisson_bounds(stats: dict[str, Any]) -> None:
    for count, bounds in stats["poisson_exact_95"].items():
        assert both(intervals.poisson(int(count))) == pytest.approx(tuple(bounds), abs=1e-6)


def test_what_500_dollars_say_with_no_outcome_and_with_three(stats: dict[str, Any]) -> None:
    none, three = stats["zero_outcomes_cost_500"], stats["three_outcomes_cost_500"]
    assert intervals.at_least(500) == pytest.approx(none["one_sided_95_lower_bound"], abs=1e-4)
    assert 500 / intervals.poisson(0).high == pytest.approx(none["two_sided_lower_bound"], abs=1e-5)
    assert round(500 / 3, 6) == three["point"]
    assert both(intervals.per_small_count(500, 3)) == pytest.approx(
        tuple(three["range95"]), abs=1e-5
    )


def test_wilson_bounds(stats: dict[str, Any]) -> None:
    for rate, bounds in stats["wilson_95"].items():
        hits, trials = map(int, rate.split("/"))
        assert both(intervals.wilson(hits, trials)) == pytest.approx(tuple(bounds), abs=1e-5)


def test_two_services_that_use_each_other_end_at_the_teams(examples: dict[str, Any]) -> None:
    case = examples["reciprocal_cents"]
    names = {"P": 1, "V": 2, "core": 3, "support": 4}
    uses = {
        names[of]: {names[to]: Fraction(str(share)) for to, share in case[f"{of}_to"].items()}
        for of in "PV"
    }
    shares = absorbed(uses)
    weights = {
        team: sum(case[of] * shares[names[of]][names[team]] for of in "PV")
        for team in ("core", "support")
    }
    assert weights == {"core": Fraction(316_000_000, 49), "support": Fraction(174_000_000, 49)}
    whole = {team: int(weight * 49) for team, weight in weights.items()}
    assert split(case["P"] + case["V"], whole) == case["expect"]
