"""Reports of a team with its sub-teams: by today's tree, or by the tree of the time."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from finops.attribution.queries.books import read_books
from finops.attribution.queries.cells import cells
from finops.attribution.queries.flow import money_flow
from finops.attribution.queries.items import work_items
from finops.attribution.queries.mix import model_mix
from finops.attribution.queries.organisation import placements
from finops.attribution.queries.shapes import CellFilter, Scope
from finops.attribution.queries.team_scope import Tree, with_teams_below
from finops.attribution.queries.trend import weekly
from finops.attribution.queries.unit_costs import unit_cost
from finops.attribution.queries.untied import untied
from finops.attribution.settle import settle
from finops.people.models import Membership, Team, TeamPlacement, User
from finops.periods import Period
from tests import facts
from tests.test_pages import page, plain

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 5, tzinfo=UTC)
AUTUMN = Period(date(2026, 10, 1), date(2026, 12, 1))
REORGANISED = date(2026, 11, 1)


@pytest.fixture
def company() -> Team:
    """Engineering holds Core and Data until Data moves to Operations on 1 November.

    Anna moves from Core to Data on 15 October. Odd amounts, so that a lost nano shows.
    """
    eng, ops, core, data = (facts.team(slug) for slug in ("eng", "ops", "core", "data"))
    TeamPlacement.objects.create(team=core, parent=eng)
    TeamPlacement.objects.create(team=data, parent=eng, valid_to=REORGANISED)
    TeamPlacement.objects.create(team=data, parent=ops, valid_from=REORGANISED)
    anna = facts.person("anna")
    moves = date(2026, 10, 15)
    Membership.objects.create(person=anna, team=core, valid_to=moves)
    Membership.objects.create(person=anna, team=data, valid_from=moves)
    facts.person("olga", "ops")
    bill = facts.source("bill")
    for month, first in (("10", 100_000_000_007), ("11", 10_000_000_003)):
        part = facts.deliver(bill, "charge", f"b:{month}", f"2026-{month}-01", f"2026-{month}-28")
        spent = [
            ("05", 1, "anna", "a#1"),
            ("20", 2, "anna", "a#2"),
            ("21", 3, "olga", ""),
            ("22", 5, "", ""),
        ]
        for line, (day, times, who, item) in enumerate(spent, start=2):
            facts.charge(
                part, f"2026-{month}-{day}", first * times, line=line, model=f"m{times}",
                actor=f"{who}@acme.test" if who else "", pr=item, is_shared=not who,
            )  # fmt: skip
    facts.item(
        "a#1", started="2026-10-01", ended="2026-10-12", people=("anna",), keys={"pr:a#1": 1}
    )
    facts.item(
        "a#2", started="2026-10-16", ended="2026-11-12", people=("anna",), keys={"pr:a#2": 1}
    )
    settle(now=timezone.now())
    return eng


def scope(team: Team, tree: Tree, period: Period = AUTUMN) -> Scope:
    return with_teams_below(Scope(period), [team.pk], placements(), tree=tree, today=NOW.date())


def spend(scope: Scope) -> int:
    return unit_cost(scope, by=None, now=NOW).total.spend


def direct_of(team: str, month: str) -> int:
    """Billed nanos that the team's own cells hold in a month, shared money apart."""
    found = facts.Cell.objects.filter(team_id=facts.team(team).pk, day__month=int(month))
    return sum(cell.reporting_billed_nanos or 0 for cell in found)


def test_moving_a_person_leaves_the_past_where_it_was(company: Team) -> None:
    assert direct_of("core", "10") == 100_000_000_007
    assert direct_of("data", "10") == 2 * 100_000_000_007


def test_october_by_the_tree_of_the_time_has_the_team_that_left(company: Team) -> None:
    october = Period(date(2026, 10, 1), REORGANISED)
    tiers = unit_cost(scope(company, "then", october), by=None, now=NOW).total.tiers
    assert sum(tiers[letter] for letter in "ABC") == 3 * 100_000_000_007
    today = unit_cost(scope(company, "today", october), by=None, now=NOW).total.tiers
    assert sum(today[letter] for letter in "ABC") == 100_000_000_007


def test_stretches_sum_to_the_teams_of_each_time_exactly(company: Team) -> None:
    ids = {slug: facts.team(slug).pk for slug in ("eng", "ops", "core", "data")}
    october, november = Period(AUTUMN.start, REORGANISED), Period(REORGANISED, AUTUMN.end)
    then = spend(scope(company, "then"))
    assert then == spend(Scope(october, (ids["eng"], ids["core"], ids["data"]))) + spend(
        Scope(november, (ids["eng"], ids["core"]))
    )
    others = spend(scope(facts.team("ops"), "then"))
    assert then + others == spend(Scope(AUTUMN))


def test_every_answer_of_a_group_holds_the_same_money(company: Team) -> None:
    for tree in ("today", "then"):
        asked = scope(company, tree)
        total = unit_cost(asked, by=None, now=NOW).total
        assert sum(band.nanos for band in money_flow(asked)) == total.spend
        assert sum(row.nanos for row in model_mix(asked, now=NOW)) == total.spend
        for by in ("team", "month", "outcome"):
            rows = unit_cost(asked, by=by, now=NOW).rows
            assert sum(row.spend for row in rows) == total.spend, by
        tied = total.tiers["A"] + total.tiers["B"]
        assert work_items(asked, now=NOW).nanos == tied
        assert (
            abs(cells(asked, CellFilter()).nanos - total.spend) <= 2
        )  # each line rounds its share
        assert cells(asked, CellFilter(tier="AB")).nanos == tied
        assert sum(row.nanos for row in untied(asked)) == total.tiers["E"]


def test_what_was_finished_follows_the_tree_too(company: Team) -> None:
    now = read_books(scope(company, "then"), now=NOW).completed
    assert sum(done.credit for done in now.values()) == 1_000_000
    today = read_books(scope(company, "today"), now=NOW).completed
    assert {at: done.credit for at, done in today.items() if done.credit} == {
        (facts.team("core").pk, "pull_request"): 1_000_000
    }
    weeks = weekly(scope(company, "then"), kind="pull_request", weeks=8, now=NOW)
    assert sum(week.outcomes for week in weeks) == Decimal(1)


def command(*arguments: str, capsys: Any) -> dict[str, Any]:
    call_command("unit_cost", "--start", "2026-10-01", "--end", "2026-12-01", "--json", *arguments)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_command_takes_sub_teams_along(company: Team, capsys: Any) -> None:
    then = command("--team", "eng", "--tree", "then", "--by", "team", capsys=capsys)
    today = command("--team", "eng", "--by", "team", capsys=capsys)
    assert {row["key"] for row in then["rows"]} == {"core", "data"}
    assert {row["key"] for row in today["rows"]} == {"core"}
    assert Decimal(then["total"]["billed"]) > Decimal(today["total"]["billed"])


def test_pages_and_the_api_say_whose_tree_they_follow(client: Client, company: Team) -> None:
    client.force_login(User.objects.create_user("fin", role="cfo"))
    state = "from=2026-10-01&to=2026-11-30"
    then = plain(page(client, f"/teams/eng/?{state}&tree=then"))
    assert "It counts, by the tree of the time, Core and Data from 1 Oct; Core from 1 Nov." in then
    today = plain(page(client, f"/teams/eng/?{state}"))
    assert "It counts Core, by today’s tree." in today
    figures = {
        tree: client.get(f"/api/v1/unit-costs/?{state}&team=eng&tree={tree}").json()["total"][
            "billed"
        ]
        for tree in ("then", "today")
    }
    assert words_of(figures["then"]) in then
    assert words_of(figures["today"]) in today
    assert figures["then"] != figures["today"]
    assert client.get("/api/v1/unit-costs/?tree=hers").status_code == 400


def words_of(amount: str) -> str:
    return f"${Decimal(amount):,.2f}"


def test_a_manager_does_not_see_what_stood_below_a_team_once(client: Client, company: Team) -> None:
    user = User.objects.create_user("mia", role="manager")
    user.teams.set([company])
    client.force_login(user)
    state = "from=2026-10-01&to=2026-11-30"
    both = [plain(page(client, f"/teams/eng/?{state}&tree={tree}")) for tree in ("today", "then")]
    assert "Data" not in both[1]
    figure = [text.split("$", 1)[1].split(" ", 1)[0] for text in both]
    assert figure[0] == figure[1]
