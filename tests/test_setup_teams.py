"""Setup > Teams: the tree on a day, forms with days, and who may open them."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from finops.attribution.settle import settle
from finops.people.models import Membership, Team, TeamPlacement, User
from tests import facts
from tests.loading import give
from tests.test_pages import page, plain
from tests.test_team_actions import picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    eng, core, data = (facts.team(slug) for slug in ("eng", "core", "data"))
    TeamPlacement.objects.create(team=core, parent=eng)
    TeamPlacement.objects.create(team=data, parent=eng, valid_from=date(2026, 11, 1))
    anna = facts.person("anna", "core")
    part = facts.deliver(facts.source("bill"), "charge", "b:10", "2026-10-01", "2026-10-31")
    facts.charge(part, "2026-10-14", 120_000_000_000, actor=anna.email)
    facts.charge(part, "2026-10-15", 80_000_000_000, line=3, team="data")
    settle(now=timezone.now())
    client.force_login(User.objects.create_user("ada", role="admin"))
    return client


def post(client: Client, address: str, **data: Any) -> str:
    response = client.post(address, data, follow=True)
    assert response.status_code == 200, address
    return plain(response.content.decode())


def test_the_tree_of_a_day_shows_people_and_the_money_of_its_month(admin: Client) -> None:
    october = plain(page(admin, "/setup/teams/?day=2026-10-31"))
    assert "3 teams with 1 person on 31 Oct 2026." in october
    assert "Eng 0 people own $0.00 $120.00" in october
    assert "Core 1 people $120.00" in october
    november = page(admin, "/setup/teams/?day=2026-11-01")
    assert november.count("o-in-1") == 2
    assert "is not a day" in plain(page(admin, "/setup/teams/?day=soon"))


def test_teams_are_made_placed_and_renamed_by_forms(admin: Client) -> None:
    made = post(admin, "/setup/teams/", name="Lab", cost_center="7", parent="eng", since="")
    assert "Lab is a team now." in made
    moved = post(admin, "/setup/teams/lab/", do="place", parent="data", since="2026-11-10")
    assert "Lab stands under Data from 10 Nov 2026 on." in moved
    assert "Eng until 9 Nov 2026" in moved
    circle = post(admin, "/setup/teams/data/", do="place", parent="lab", since="2026-11-20")
    assert "would stand below itself on 2026-11-20" in circle
    assert "There is a team called Core already." in post(
        admin, "/setup/teams/lab/", do="rename", name="core", cost_center=""
    )
    post(admin, "/setup/teams/lab/", do="rename", name="Laboratory", cost_center="8")
    assert Team.objects.get(slug="lab").name == "Laboratory"


def test_people_join_and_leave_from_a_day_on(admin: Client) -> None:
    joined = post(
        admin, "/setup/teams/data/", do="join", emails="Anna@acme.test", since="2026-10-20"
    )
    assert "1 person moved to Data." in joined
    assert "anna@acme.test from 20 Oct 2026" in joined
    assert "until 19 Oct 2026" in plain(page(admin, "/setup/teams/core/"))
    wrong = post(admin, "/setup/teams/data/", do="join", emails="who@acme.test", since="")
    assert "Nobody is known as who@acme.test." in wrong
    assert "is not a day" in post(
        admin, "/setup/teams/data/", do="join", emails="anna@acme.test", since="now"
    )
    left = post(admin, "/setup/teams/data/", do="leave", email="anna@acme.test", since="2026-11-01")
    assert "anna belongs to Data no more." in left
    assert Membership.objects.get(team__slug="data").valid_to == date(2026, 11, 1)


def test_the_file_that_goes_out_comes_in_unchanged(admin: Client) -> None:
    before = picture()
    response = admin.get("/setup/teams/people.csv")
    assert response["Content-Type"].startswith("text/csv")
    give("people_csv", b"".join(response))
    assert picture() == before


def test_only_administrators_open_the_teams(admin: Client) -> None:
    for role in ("cfo", "manager"):
        admin.force_login(User.objects.create_user(role, role=role))
        for address in ("/setup/teams/", "/setup/teams/core/", "/setup/teams/people.csv"):
            assert admin.get(address).status_code == 403, (role, address)
        assert admin.post("/setup/teams/", {"name": "Mine"}).status_code == 403
    assert not Team.objects.filter(name="Mine").exists()
