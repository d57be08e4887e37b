"""The questions behind the pages: flow, trend, mix and whose books these are."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from finops.attribution.models import SettleRun, SpendDay
from finops.attribution.queries.flow import money_flow
from finops.attribution.queries.organisation import as_of, books_span, organisation, teams
from finops.attribution.queries.shapes import Scope
from finops.attribution.queries.trend import weekly
from finops.attribution.queries.unit_costs import unit_cost
from finops.money import CENT_NANOS
from finops.periods import Period
from tests.books import NOW, Books, october, worked_month

pytestmark = pytest.mark.django_db

OCTOBER = Period(october(1), date(2026, 11, 1))
WHOLE = Scope(OCTOBER)


def test_bands_of_the_flow_sum_to_the_spend():
    books = worked_month()
    books.spend(october(9), 5000, team="support", vendor="OpenAI", is_provisional=True)
    bands = money_flow(WHOLE)
    total = unit_cost(WHOLE, by=None, now=NOW).total
    assert sum(band.nanos for band in bands) == total.spend
    assert sum(band.provisional for band in bands) == total.provisional == 5000 * CENT_NANOS
    assert bands[0].vendor == "Anthropic"


def test_bands_of_a_team_are_those_of_the_whole():
    books = worked_month()
    core = books.team("core").pk
    whole = [band for band in money_flow(WHOLE) if band.team.id == core]
    assert money_flow(Scope(OCTOBER, (core,))) == whole
    assert {band.fate for band in whole} == {
        "value",
        "in_progress",
        "abandoned",
        "pooled",
        "overhead",
    }


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (october(1), date(2026, 11, 1)),
        (october(8), october(9)),
        (date(2026, 8, 31), october(9)),
        (date(2026, 9, 15), date(2026, 12, 24)),
        (october(4), date(2026, 12, 1)),
    ],
)
def test_any_stretch_of_days_gives_the_sum_of_its_days(start, end):
    books = worked_month()
    for month in (8, 9, 11, 12):
        for day in (1, 15, 30):
            books.spend(date(2026, month, day), 100 * month + day, team="core", model="opus")
            books.spend(date(2026, month, day), 7, vendor="OpenAI")
            books.spend(date(2026, month, day), 3, team="core", currency="SEK")
    scope = Scope(Period(start, end))
    days = SpendDay.objects.filter(
        day__gte=start, day__lt=end, reporting_billed_nanos__isnull=False
    )
    nanos = sum(days.values_list("reporting_billed_nanos", flat=True))
    for by in ("team", "month", "tier"):
        report = unit_cost(scope, by=by, now=NOW)
        assert report.total.spend == sum(row.spend for row in report.rows) == nanos
    assert sum(band.nanos for band in money_flow(scope)) == nanos
    assert {row.key: row.spend for row in unit_cost(scope, by="team", now=NOW).rows} == {
        slug: sum(band.nanos for band in money_flow(scope) if band.team.slug == slug)
        for slug in {band.team.slug for band in money_flow(scope)}
    }


def test_weeks_end_with_the_period_and_hold_its_spend():
    worked_month()
    weeks = weekly(WHOLE, kind="pull_request", weeks=5, now=NOW)
    assert [week.start for week in weeks] == [
        date(2026, 9, 27) + timedelta(7 * i) for i in range(5)
    ]
    assert sum(week.billed for week in weeks) == 31500 * CENT_NANOS
    assert [week.outcomes for week in weeks] == [0, 3, 0, 0, 0]
    assert weeks[1].direct == Decimal(18123 * CENT_NANOS) / 3
    assert weeks[1].low < weeks[1].direct < weeks[1].high
    assert weeks[2].direct is None


def test_weeks_of_a_team_hold_its_part_of_shared_money():
    books = worked_month()
    core = books.team("core").pk
    weeks = weekly(Scope(OCTOBER, (core,)), kind="pull_request", weeks=5, now=NOW)
    assert round(Decimal(sum(week.billed for week in weeks)) / CENT_NANOS) == 26972


def test_weeks_before_the_books_begin_are_empty_not_missing():
    Books()
    weeks = weekly(WHOLE, kind="pull_request", now=NOW)
    assert len(weeks) == 13
    assert {(week.billed, week.outcomes, week.direct) for week in weeks} == {(0, 0, None)}


def test_the_books_know_their_owner_their_teams_and_how_far_they_reach():
    assert books_span() is None
    assert as_of() is None
    worked_month()
    SettleRun.objects.create(started_at=NOW, finished_at=NOW, is_full=True)
    assert organisation().reporting_currency == "USD"
    assert [team.slug for team in teams()] == ["core", "sales", "support"]
    assert books_span() == Period(october(4), date(2026, 11, 1))
    assert as_of() == NOW
