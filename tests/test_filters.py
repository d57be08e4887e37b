"""The state of a page is read from its address and written back to it."""

from datetime import date

import pytest
from django.http import QueryDict

from dashboards.filters import DashboardFilter, read_filter
from finops.attribution.queries.shapes import TeamRef
from finops.periods import Period

TODAY = date(2026, 11, 3)
BOOKS = Period(date(2026, 1, 5), date(2026, 11, 3))
CORE, DATA = TeamRef(1, "core", "Core", 1), TeamRef(2, "data", "Data", 2)
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))


def read(query: str, span: Period | None = BOOKS, today: date = TODAY) -> DashboardFilter:
    return read_filter(QueryDict(query), [CORE, DATA], span, today)


def test_an_empty_address_asks_for_the_last_whole_month_against_the_one_before() -> None:
    state = read("")
    assert state.period == OCTOBER
    assert state.against == Period(date(2026, 9, 1), date(2026, 10, 1))
    assert state.teams == ()
    assert state.cost == "billed"
    assert state.problems == ()


def test_the_default_is_a_month_that_has_money() -> None:
    old = Period(date(2025, 3, 1), date(2025, 4, 11))
    assert read("", span=old).period == Period(date(2025, 4, 1), date(2025, 5, 1))
    new = Period(date(2026, 11, 2), date(2026, 11, 3))
    assert read("", span=new).period == Period(date(2026, 11, 1), date(2026, 12, 1))


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("period=2026-02", date(2026, 2, 1), date(2026, 3, 1)),
        ("period=2026-Q3", date(2026, 7, 1), date(2026, 10, 1)),
        ("period=2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("from=2026-10-05&to=2026-10-05", date(2026, 10, 5), date(2026, 10, 6)),
    ],
)
def test_periods_are_half_open_and_both_days_count(query: str, start: date, end: date) -> None:
    assert read(query).period == Period(start, end)


@pytest.mark.parametrize(
    "query",
    [
        "period=2026-02&against=none&team=core&team=data&cost=effective",
        "period=2026-Q3&against=2025-Q3",
        "from=2026-10-05&to=2026-10-09&against=2026-09-01..2026-09-05",
        "",
    ],
)
def test_what_is_written_is_read_back_the_same(query: str) -> None:
    state = read(query)
    again = read(state.query().removeprefix("?"), today=date(2027, 5, 1))
    assert (again.period, again.against) == (state.period, state.against)
    assert (again.teams, again.cost) == (state.teams, state.cost)


def test_a_year_before_is_the_same_months_or_the_same_weekdays() -> None:
    assert read("period=2026-10&against=year").against == Period(
        date(2025, 10, 1), date(2025, 11, 1)
    )
    week = read("from=2026-10-05&to=2026-10-11&against=year").against
    assert week is not None
    assert week.start.weekday() == date(2026, 10, 5).weekday()


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("period=2026-13", "period"),
        ("period=<script>", "period"),
        ("period=0001-01", "period"),
        ("from=2026-10-09&to=2026-10-01", "from"),
        ("from=2026-10-09", "from"),
        ("from=9999-12-31&to=9999-12-31", "from"),
        ("from=2000-01-01&to=2026-01-01", "to"),
        ("team=nobody", "team"),
        ("cost=list", "cost"),
        ("against=soon", "against"),
    ],
)
def test_what_makes_no_sense_is_named_and_replaced_by_the_default(query: str, name: str) -> None:
    state = read(query)
    assert [problem.name for problem in state.problems] == [name]
    assert state.period == OCTOBER
    assert state.cost == "billed"


def test_another_period_keeps_a_comparison_that_follows_it() -> None:
    september = Period(date(2026, 9, 1), date(2026, 10, 1))
    assert read("").with_period(september).against == Period(date(2026, 8, 1), date(2026, 9, 1))
    fixed = read("against=2026-02").with_period(september)
    assert fixed.against == Period(date(2026, 2, 1), date(2026, 3, 1))
