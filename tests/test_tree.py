"""The dated tree of teams by itself."""

from datetime import date

from finops.people.tree import Placement, ThenTree, circle, in_tree_order, with_below
from finops.periods import Period

ALL, ENG, CORE, DATA, OPS = 1, 2, 3, 4, 5
NOVEMBER = date(2026, 11, 1)
# Data moves from Engineering to Operations on 1 November.
TREE = (
    Placement(ENG, ALL, None, None),
    Placement(OPS, ALL, None, None),
    Placement(CORE, ENG, None, None),
    Placement(DATA, ENG, None, NOVEMBER),
    Placement(DATA, OPS, NOVEMBER, None),
)


def test_a_team_has_those_below_it_on_the_day() -> None:
    assert set(with_below(TREE, [ENG], date(2026, 10, 31))) == {ENG, CORE, DATA}
    assert set(with_below(TREE, [ENG], NOVEMBER)) == {ENG, CORE}
    assert set(with_below(TREE, [ALL], NOVEMBER)) == {ALL, ENG, OPS, CORE, DATA}
    assert with_below(TREE, [CORE], NOVEMBER) == (CORE,)


def test_the_tree_is_listed_with_parents_first() -> None:
    teams = [ALL, CORE, DATA, ENG, OPS]
    assert in_tree_order(TREE, teams, date(2026, 10, 1)) == [
        (ALL, 0), (ENG, 1), (CORE, 2), (DATA, 2), (OPS, 1),
    ]  # fmt: skip
    assert in_tree_order(TREE, teams, NOVEMBER) == [
        (ALL, 0), (ENG, 1), (CORE, 2), (OPS, 1), (DATA, 2),
    ]  # fmt: skip


def test_a_period_is_cut_only_where_the_teams_change() -> None:
    autumn = Period(date(2026, 10, 1), date(2026, 12, 1))
    cut = ThenTree((ENG,), TREE).stretches(autumn)
    assert [(p.start, p.end, set(teams)) for p, teams in cut] == [
        (autumn.start, NOVEMBER, {ENG, CORE, DATA}), (NOVEMBER, autumn.end, {ENG, CORE}),
    ]  # fmt: skip
    assert [p for p, _ in ThenTree((ALL,), TREE).stretches(autumn)] == [autumn]
    assert [p for p, _ in ThenTree((CORE,), TREE).stretches(autumn)] == [autumn]


def test_only_teams_in_sight_are_taken() -> None:
    assert ThenTree((ENG,), TREE, seen=(ENG, DATA)).on(date(2026, 10, 1)) == (ENG, DATA)


def test_a_circle_is_found_on_the_day_on_which_it_would_close() -> None:
    assert circle(TREE) is None
    later = date(2026, 12, 1)
    found = circle([*TREE[1:], Placement(ENG, DATA, later, None), Placement(OPS, ENG, later, None)])
    assert found is not None
    assert found[0] == later
    # What happens after one another is no circle.
    fine = [Placement(CORE, DATA, None, NOVEMBER), Placement(DATA, CORE, NOVEMBER, None)]
    assert circle(fine) is None
