"""The panel that tells a dear team from a team with large work."""

from decimal import Decimal

import pytest
from django.test import Client

from finops.attribution.queries.like_for_like import KindMix, TeamMix, like_for_like
from finops.attribution.queries.shapes import Scope
from finops.people.models import Membership, Person, User
from finops.periods import Period
from tests.books import Books, october

pytestmark = pytest.mark.django_db
OCTOBER = Scope(Period(october(1), october(31)))
NANOS = 10**9


def finish(books: Books, team: str, number: int, dollars: int, lines: int | None) -> None:
    """So many pull requests of one size, which cost so much together."""
    for n in range(number):
        name = f"{team}-{lines}-{n}"
        books.item(name, team=team, done=october(5 + n % 20), size_added=lines, size_deleted=0)
    books.spend(october(4), dollars * 100, team=team, item=name)


def members(books: Books, **teams: int) -> None:
    for slug, number in teams.items():
        for n in range(number):
            person = Person.objects.create(email=f"{slug}{n}@acme.test", name=f"{slug}{n}")
            Membership.objects.create(person=person, team=books.team(slug))


@pytest.fixture
def books() -> Books:
    """Team a does small things, team b large ones; per size they cost nearly the same."""
    books = Books()
    members(books, a=5, b=5)
    finish(books, "a", 90, 900, 20)
    finish(books, "a", 10, 1100, 400)
    finish(books, "b", 10, 120, 20)
    finish(books, "b", 90, 10_800, 400)
    return books


def found() -> KindMix:
    (only,) = like_for_like(OCTOBER)
    return only


def by_team(of: KindMix) -> dict[str, TeamMix]:
    return {row.team.slug: row for row in of.teams}


def test_109_against_20_dollars_are_66_against_60_at_the_same_mix(books: Books) -> None:
    books.settled()
    teams = by_team(found())
    assert {slug: (row.direct, row.alike) for slug, row in teams.items()} == {
        "a": (20 * NANOS, 60 * NANOS), "b": (Decimal("109.2") * NANOS, 66 * NANOS),
    }  # fmt: skip
    assert teams["a"].outcomes == {"S": 90, "L": 10}


def test_a_team_under_five_people_or_ten_outcomes_has_no_figures(books: Books) -> None:
    members(books, small=4, few=5)
    finish(books, "small", 20, 500, 20)
    finish(books, "few", 9, 500, 20)
    books.settled()
    teams = by_team(found())
    for slug, reason in (("small", "few_people"), ("few", "few_outcomes")):
        assert (teams[slug].direct, teams[slug].alike, teams[slug].why_not) == (None, None, reason)


def test_a_team_that_does_other_work_is_not_compared(books: Books) -> None:
    members(books, odd=5)
    finish(books, "odd", 20, 900, 5000)
    books.settled()
    odd = by_team(found())["odd"]
    assert (odd.direct, odd.alike, odd.why_not) == (45 * NANOS, None, "little_overlap")


def test_work_of_one_size_alone_asks_for_no_comparison() -> None:
    books = Books()
    members(books, a=5)
    finish(books, "a", 20, 900, None)
    books.settled()
    assert like_for_like(OCTOBER) == []


def test_the_scope_narrows_the_teams_and_never_the_mix(books: Books) -> None:
    books.settled()
    scope = Scope(OCTOBER.period, teams=(books.team("b").pk,))
    (only,) = like_for_like(scope)
    assert [(row.team.slug, row.alike) for row in only.teams] == [("b", 66 * NANOS)]


def test_pages_say_what_is_left_of_the_difference(books: Books, client: Client) -> None:
    books.settled()
    client.force_login(User.objects.create_user("chief", role="cfo"))
    headers = {"HX-Request": "true"}
    text = client.get(
        "/panels/teams/like-for-like/?period=2026-10", headers=headers
    ).content.decode()
    assert "B pays <b>$89.20</b> more per merged pull request than A; " in text
    assert "for work of the same sizes <b>$6.00 more</b>." in text
    text = client.get(
        "/panels/team/like-for-like/?of=b&period=2026-10", headers=headers
    ).content.decode()
    assert "a merged pull request costs <b>$66.00</b> here and $64.60 in all teams." in text


def test_the_csv_has_the_number_of_every_size(books: Books, client: Client) -> None:
    books.settled()
    client.force_login(User.objects.create_user("chief", role="cfo"))
    text = client.get("/panels/teams/like-for-like.csv?period=2026-10").content.decode("utf-8-sig")
    head, first, *_, last = text.splitlines()
    assert head.split(",")[3:8] == [f"outcomes_{size}" for size in ("xs", "s", "m", "l", "xl")]
    assert first == "pull_request,B,100,0,10,0,90,0,0,109.20,66.00,1.0000,"
    assert last == "pull_request,All teams,200,0,100,0,100,0,0,64.60,64.60,1.0000,"


def test_a_class_ends_below_its_limit_and_work_without_a_size_is_a_class_of_its_own() -> None:
    books = Books()
    members(books, a=5)
    for lines in (0, 9, 10, 49, 50, 249, 250, 999, 1000, None):
        finish(books, "a", 1, 5, lines)
    books.settled()
    outcomes = by_team(found())["a"].outcomes
    assert outcomes == {"XS": 2, "S": 2, "M": 2, "L": 2, "XL": 1, "": 1}
