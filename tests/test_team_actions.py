"""Making, renaming and placing teams, and moving people: history stays, the day decides."""

from datetime import date

import pytest
from django.utils import timezone

from billing_ingest.teams import ensure_teams
from finops.attribution.actions.teams import (
    BadTeamError,
    change_team,
    create_team,
    place_team,
    set_team_of,
)
from finops.attribution.models import Cell, Dirty
from finops.attribution.queries.team_tree import people_rows, tree_on
from finops.attribution.settle import settle
from finops.people.models import Identity, Membership, Person, Team, TeamPlacement
from tests import facts
from tests.loading import give

pytestmark = pytest.mark.django_db
OCT, NOV, DEC = (date(2026, month, 1) for month in (10, 11, 12))


def places(team: Team) -> list[tuple[str, date | None, date | None]]:
    found = TeamPlacement.objects.filter(team=team).order_by("valid_from")
    rows = [(p.parent.slug, p.valid_from, p.valid_to) for p in found]
    return sorted(rows, key=lambda row: row[1] or date.min)


def stays(person: Person) -> list[tuple[str, date | None, date | None]]:
    rows = [
        (m.team.slug, m.valid_from, m.valid_to) for m in Membership.objects.filter(person=person)
    ]
    return sorted(rows, key=lambda row: row[1] or date.min)


def test_a_team_is_made_renamed_and_keeps_its_slug() -> None:
    eng = create_team("Engineering")
    team = create_team("  Data   Science ", cost_center=" 42 ", parent=eng, since=OCT)
    assert (team.slug, team.name, team.cost_center) == ("data-science", "Data Science", "42")
    assert places(team) == [("engineering", OCT, None)]
    change_team(team, name="Insight", cost_center="43")
    assert Team.objects.get(slug="data-science").name == "Insight"
    for wrong, words in (
        ("", "Give the team a name"),
        ("engineering", "called Engineering already"),
    ):
        with pytest.raises(BadTeamError, match=words):
            change_team(team, name=wrong, cost_center="")
    assert ensure_teams(["insight"])["insight"] == team


def test_a_reorganisation_ends_the_old_place_and_leaves_the_past() -> None:
    one, two, team = create_team("One"), create_team("Two"), create_team("Team")
    place_team(team, one, None)
    place_team(team, two, NOV)
    assert places(team) == [("one", None, NOV), ("two", NOV, None)]
    place_team(team, None, DEC)
    assert places(team) == [("one", None, NOV), ("two", NOV, DEC)]
    # Something earlier lasts until what is already known.
    place_team(team, two, OCT)
    assert places(team) == [("one", None, OCT), ("two", OCT, NOV), ("two", NOV, DEC)]
    assert [(row.team.slug, row.depth) for row in tree_on(OCT)] == [
        ("one", 0), ("two", 0), ("team", 1),
    ]  # fmt: skip


def test_no_team_stands_below_itself_on_any_day() -> None:
    one, two = create_team("One"), create_team("Two")
    place_team(two, one, NOV)
    with pytest.raises(BadTeamError, match="would stand below itself on 2026-11-01"):
        place_team(one, two, OCT)
    assert places(one) == []
    with pytest.raises(BadTeamError, match="below itself in the beginning"):
        place_team(one, one, None)


def test_a_person_moves_from_a_day_and_only_their_later_money_moves() -> None:
    anna = facts.person("anna", "core")
    data = facts.team("data")
    part = facts.deliver(facts.source("bill"), "charge", "b:10", "2026-10-01", "2026-10-31")
    facts.charge(part, "2026-10-14", 1_000_000_000, actor=anna.email)
    facts.charge(part, "2026-10-15", 2_000_000_000, actor=anna.email, line=3)
    settle(now=timezone.now())
    set_team_of(anna, data, date(2026, 10, 15))
    assert stays(anna) == [("core", None, date(2026, 10, 15)), ("data", date(2026, 10, 15), None)]
    assert list(Dirty.objects.values_list("what", "ref")) == [("person", str(anna.pk))]
    settle(now=timezone.now())
    paid = {c.day.day: c.team_id for c in Cell.objects.all()}
    assert paid == {14: facts.team("core").pk, 15: data.pk}
    set_team_of(anna, None, date(2026, 10, 15))
    assert stays(anna) == [("core", None, date(2026, 10, 15))]


def test_a_renamed_team_is_found_by_its_tag_after_the_next_settle() -> None:
    part = facts.deliver(facts.source("bill"), "charge", "b:10", "2026-10-01", "2026-10-31")
    facts.charge(part, "2026-10-14", 1_000_000_000, team="Insight")
    settle(now=timezone.now())
    team = create_team("Data")
    assert not Cell.objects.filter(team_id=team.pk).exists()
    change_team(team, name="Insight", cost_center="")
    settle(now=timezone.now())
    assert Cell.objects.get().team_id == team.pk


def as_csv() -> bytes:
    return "\n".join(",".join(f'"{value}"' for value in row) for row in people_rows()).encode()


def picture() -> dict[str, list[str]]:
    tables = {
        Person: ("email", "name"),
        Team: ("slug", "name", "cost_center"),
        Membership: ("person__email", "team__slug", "valid_from", "valid_to"),
        TeamPlacement: ("team__slug", "parent__slug", "valid_from", "valid_to"),
        Identity: ("namespace", "external_id", "person__email", "valid_from", "valid_to"),
    }
    return {
        table.__name__: sorted(map(str, table._default_manager.values_list(*fields)))
        for table, fields in tables.items()
    }


def company() -> None:
    eng, ops = create_team("Engineering"), create_team("Operations")
    core = create_team("Core", cost_center="CC-1", parent=eng)
    data = create_team("Data", cost_center="CC-2", parent=eng)
    place_team(data, ops, NOV)
    for name in ("anna", "ben", "cleo"):
        who = facts.person(name)
        Identity.objects.create(namespace="github", external_id=name, person=who)
    anna, ben = Person.objects.get(name="anna"), Person.objects.get(name="ben")
    set_team_of(anna, core, None)
    set_team_of(anna, data, NOV)
    set_team_of(ben, data, OCT)
    set_team_of(ben, None, DEC)
    Identity.objects.create(namespace="jira", external_id="5b10:x", person=ben)


def test_the_file_of_people_reads_back_unchanged() -> None:
    company()
    dated = facts.person("dora", "core")
    Identity.objects.create(namespace="github", external_id="dora", person=dated, valid_from=OCT)
    before = picture()
    Dirty.objects.all().delete()
    give("people_csv", as_csv())
    assert picture() == before
    assert not Dirty.objects.filter(what__in=("person", "actor")).exists()


def test_the_file_of_people_fills_empty_books_alike() -> None:
    company()
    before, file = picture(), as_csv()
    for table in (TeamPlacement, Membership, Identity, Person, Team):
        table.objects.all().delete()
    give("people_csv", file)
    assert picture() == before
