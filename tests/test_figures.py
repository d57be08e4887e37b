"""Figures are data: what is drawn adds up to what is written, and the scale holds every mark."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from dashboards.figures.flow import TEAMS_SHOWN, flow_data
from dashboards.figures.ticks import ticks
from dashboards.figures.trend import unit_part
from dashboards.figures.whisker import table_scale, whisker
from finops.attribution.queries.shapes import FlowBand, KindCost, TeamRef, Week
from finops.money import NANOS
from finops.outcomes.kinds import KINDS

NOBODY = TeamRef(None, "", "No team", 0)


def opens(**where: str) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(where.items()))


def cost(direct: str, low: str | None, high: str | None, *, verdict: bool = True) -> KindCost:
    def nanos(text: str | None) -> Decimal | None:
        return Decimal(text) * NANOS if text is not None else None

    return KindCost(
        outcomes=Decimal(20), durable=Decimal(18), direct_nanos=0, direct=nanos(direct),
        loaded=None, all_in=None, low=nanos(low), high=nanos(high), has_verdict=verdict,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "most"), [(0, 40_880, 2), (58.6, 82, 4), (0, 0.003, 3), (-5, 12, 4), (7, 7, 3)]
)
def test_ticks_are_few_and_hold_the_values(low: float, high: float, most: int) -> None:
    marks = ticks(low, high, most)
    assert 2 <= len(marks) <= most + 2
    assert marks[0] <= low
    assert marks[-1] >= high
    steps = {round(b - a, 9) for a, b in pairwise(marks)}
    assert len(steps) == 1


def test_the_columns_of_the_flow_have_the_same_sum() -> None:
    teams = [TeamRef(i, f"t{i}", f"Team {i}", i % 7 + 1) for i in range(1, 21)]
    bands = [
        FlowBand(vendor, team, fate, (i + 1) * NANOS, 0)
        for i, team in enumerate([*teams, NOBODY])
        for vendor in ("Anthropic", "OpenAI")
        for fate in ("value", "rework")
    ]
    data = flow_data(bands, "USD", opens)
    sums = [sum(n["value"] for n in data["nodes"] if n["column"] == c) for c in (0, 1, 2)]
    assert sums == [data["total"]] * 3
    links = sum(link["value"] for link in data["links"])
    assert links == pytest.approx(2 * data["total"])


def test_many_teams_are_drawn_as_few_and_the_group_opens_nothing_wrong() -> None:
    teams = [TeamRef(i, f"t{i}", f"Team {i}", 1) for i in range(1, 41)]
    bands = [FlowBand("A", team, "value", team.id or 0, 0) for team in teams]
    nodes = [n for n in flow_data(bands, "USD", opens)["nodes"] if n["column"] == 1]
    assert len(nodes) == TEAMS_SHOWN
    assert nodes[-1]["name"] == f"{40 - TEAMS_SHOWN + 1} other teams"
    assert "other" not in nodes[-1]["open"]


def test_money_without_a_team_stands_last_and_credits_are_not_drawn() -> None:
    core = TeamRef(1, "core", "Core", 1)
    bands = [
        FlowBand("A", NOBODY, "unattributed", 9 * NANOS, 0),
        FlowBand("A", core, "value", 2 * NANOS, 0),
        FlowBand("B", core, "overhead", -1 * NANOS, 0),
    ]
    data = flow_data(bands, "USD", opens)
    assert [n["name"] for n in data["nodes"] if n["column"] == 1] == ["Core", "No team"]
    assert all(link["value"] > 0 for link in data["links"])


def test_a_whisker_stays_on_the_scale_of_its_table() -> None:
    costs = [cost("50", "44", "57"), cost("290", "140", "5000", verdict=False)]
    scale = table_scale(costs, "USD")
    drawn = [whisker(c, scale, "USD", in_table=True) for c in costs]
    for mark in drawn:
        assert 0 <= mark["low"] <= mark["dot"] <= mark["high"] <= 100
    assert drawn[1]["off"]
    assert not drawn[0]["off"]


def test_a_week_without_finished_work_is_a_gap_and_not_a_zero() -> None:
    weeks = [
        Week(date(2026, 10, 5), 1, 0, Decimal(3), Decimal(60 * NANOS), None, None),
        Week(date(2026, 10, 12), 1, 0, Decimal(0), None, None, None),
    ]
    part = unit_part(weeks, KINDS["pull_request"], "USD")
    assert part["values"] == [60.0, None]
    assert part["hover"][1] == "no merged pull request finished"
    assert part["end"] == ["$60.00"]


def test_a_week_with_a_wide_interval_does_not_flatten_the_line() -> None:
    def week(day: int, low: int, high: int) -> Week:
        bounds = Decimal(low * NANOS), Decimal(high * NANOS)
        return Week(date(2026, 10, day), 1, 0, Decimal(9), Decimal(11 * NANOS), *bounds)

    calm, wide = [week(5, 10, 12), week(12, 10, 13)], week(19, 1, 500)
    assert unit_part(calm, KINDS["pull_request"], "USD")["range"][1] < 14
    low, high = unit_part([*calm, wide], KINDS["pull_request"], "USD")["range"]
    assert 0 <= low < 10
    assert 13 < high < 22


def test_the_axis_holds_the_line_that_is_compared_with() -> None:
    week = Week(date(2026, 10, 5), 1, 0, Decimal(3), Decimal(60 * NANOS), None, None)
    beside = Week(date(2026, 10, 5), 1, 0, Decimal(3), Decimal(90 * NANOS), None, None)
    low, high = unit_part([week], KINDS["pull_request"], "USD", [beside])["range"]
    assert low < 60
    assert high > 90
