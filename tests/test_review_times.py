"""How long pull requests wait, part by part."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from finops.attribution.queries.review_times import Span, review_times
from finops.attribution.queries.shapes import Scope
from finops.people.models import User
from finops.periods import Period
from tests.books import Books, october

pytestmark = pytest.mark.django_db
OCTOBER = Scope(Period(october(1), october(31)))
CREATED = datetime(2026, 10, 5, 4, 51, 47, tzinfo=UTC)


def merged(books: Books, name: str, pickup: timedelta | None, **more: Any) -> None:
    times = {
        "started_at": CREATED - timedelta(days=1),
        "created_at": CREATED,
        "first_review_at": None if pickup is None else CREATED + pickup,
        "completed_at": CREATED + timedelta(hours=1),
    }
    books.item(name, done=october(5), **times | more)


def test_five_minutes_to_pick_up_55_to_review_and_a_day_to_write() -> None:
    books = Books()
    merged(books, "PR-1", timedelta(minutes=5))
    books.settled()
    assert review_times(OCTOBER) == [
        Span("coding", 1, 1440, 1440), Span("pickup", 1, 5, 5), Span("review", 1, 55, 55),
        Span("cycle", 1, 1500, 1500),
    ]  # fmt: skip


def test_seconds_round_up_and_a_review_before_the_opening_is_no_pickup() -> None:
    books = Books()
    merged(books, "PR-1", timedelta(minutes=4, seconds=1))
    merged(books, "PR-2", timedelta(minutes=-9))
    merged(books, "PR-3", None)
    books.settled()
    pickup = next(span for span in review_times(OCTOBER) if span.part == "pickup")
    assert pickup == Span("pickup", 1, 5, 5)


def test_the_median_and_the_ninetieth_percentile_of_one_teams_work(client: Client) -> None:
    books = Books()
    for minutes in range(1, 11):
        merged(books, f"PR-{minutes}", timedelta(minutes=minutes))
    books.item("PR-99", team="data", done=october(5), created_at=CREATED,
               first_review_at=CREATED + timedelta(minutes=50))  # fmt: skip
    books.settled()
    core = Scope(OCTOBER.period, teams=(books.team("core").pk,))
    assert review_times(core)[1] == Span("pickup", 10, 5, 9)
    client.force_login(User.objects.create_user("chief", role="cfo"))
    address = "/panels/team/waiting/?of=core&period=2026-10"
    text = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "waited <b>5\N{NO-BREAK SPACE}min</b> or less for a review" in text


def test_fewer_than_ten_pull_requests_say_nothing(client: Client) -> None:
    books = Books()
    merged(books, "PR-1", timedelta(minutes=5))
    books.settled()
    client.force_login(User.objects.create_user("chief", role="cfo"))
    address = "/panels/team/waiting/?of=core&period=2026-10"
    text = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "the times are known of fewer than ten merged pull requests" in text


def test_without_reviews_the_panel_says_how_long_it_took_in_all(client: Client) -> None:
    books = Books()
    for number in range(10):
        merged(books, f"PR-{number}", None)
    books.settled()
    client.force_login(User.objects.create_user("chief", role="cfo"))
    address = "/panels/team/waiting/?of=core&period=2026-10"
    text = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "took <b>25.0\N{NO-BREAK SPACE}h</b> or less, as far as known" in text
