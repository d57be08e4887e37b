"""People: dated memberships and names, merged and never deleted."""

from datetime import date

import pytest

from finops.attribution.models import Dirty
from finops.people.models import Identity, Membership, Person, Team, TeamPlacement
from tests.loading import books, give

pytestmark = pytest.mark.django_db
HEAD = "email,name,team,parent_team,cost_center,valid_from,valid_to,identities"


def roster(*rows: str) -> bytes:
    return "\n".join([HEAD, *rows, ""]).encode()


def stays() -> list[tuple[str, str, date | None, date | None]]:
    rows = Membership.objects.order_by("person__email", "valid_from")
    return list(rows.values_list("person__email", "team__name", "valid_from", "valid_to"))


def names() -> set[tuple[str, str]]:
    rows = Identity.objects.exclude(namespace="email").select_related("person")
    return {(f"{i.namespace}:{i.external_id}", i.person.email) for i in rows}


def test_a_membership_ends_where_the_next_one_begins():
    give("people_csv", roster("a@x.com,A,Core,,,2026-01-01,,", "a@x.com,A,Support,,,2026-06-01,,"))

    assert stays() == [
        ("a@x.com", "Core", date(2026, 1, 1), date(2026, 6, 1)),
        ("a@x.com", "Support", date(2026, 6, 1), None),
    ]


def test_a_later_file_moves_a_person_on():
    give("people_csv", roster("a@x.com,A,Core,,,,,"))
    Dirty.objects.all().delete()
    give("people_csv", roster("a@x.com,A,Support,,,2026-06-01,,"))

    assert stays() == [
        ("a@x.com", "Support", date(2026, 6, 1), None),
        ("a@x.com", "Core", None, date(2026, 6, 1)),
    ]
    assert list(Dirty.objects.values_list("what", "ref")) == [
        ("person", str(Person.objects.get().id))
    ]


def test_every_email_is_a_name_too_and_names_know_their_owner():
    give("people_csv", roster("A@X.com,A,Core,,,,,GitHub:Alice; jira:5b10AC"))

    assert Identity.objects.get(namespace="email").external_id == "a@x.com"
    assert names() == {("github:alice", "a@x.com"), ("jira:5b10AC", "a@x.com")}


def test_a_key_that_passes_on_belongs_to_each_in_their_days():
    give("people_csv", roster(
        "a@x.com,A,Core,,,2026-01-01,2026-06-01,api_key:k1", "b@x.com,B,Core,,,2026-06-01,,api_key:k1",
    ))  # fmt: skip

    rows = Identity.objects.filter(namespace="api_key").order_by("valid_from")
    assert list(rows.values_list("person__email", "valid_from", "valid_to")) == [
        ("a@x.com", date(2026, 1, 1), date(2026, 6, 1)), ("b@x.com", date(2026, 6, 1), None),
    ]  # fmt: skip


def test_teams_stand_under_their_parent_and_keep_their_cost_centre():
    give("people_csv", roster("a@x.com,A,Core,Engineering,CC1,,,"))

    placement = TeamPlacement.objects.get()
    assert (placement.team.name, placement.parent.name, placement.valid_from) == (
        "Core",
        "Engineering",
        None,
    )
    assert Team.objects.get(name="Core").cost_center == "CC1"


def test_a_team_that_moves_is_under_each_parent_in_turn():
    give("people_csv", roster(
        "a@x.com,A,Core,Old,,2026-01-01,2026-06-01,", "a@x.com,A,Core,New,,2026-06-01,,",
    ))  # fmt: skip

    rows = TeamPlacement.objects.order_by("parent__name")
    assert list(rows.values_list("parent__name", "valid_from", "valid_to")) == [
        ("New", date(2026, 6, 1), None), ("Old", None, date(2026, 6, 1)),
    ]  # fmt: skip


def test_colours_go_round_in_order_of_making():
    give("people_csv", roster(*[f"p{n}@x.com,P,Team {n},,,,," for n in range(9)]))

    assert list(Team.objects.order_by("id").values_list("color", flat=True)) == [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        1,
        2,
    ]


def test_the_same_people_again_change_nothing():
    give("people_csv", roster("a@x.com,A,Core,Engineering,CC1,2026-01-01,,github:a"))
    before = books()
    give("people_csv", roster("a@x.com,A,Core,Engineering,CC1,2026-01-01,,github:a", ""))

    assert books() == before


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("nobody,A,Core,,,,,", "bad_email", "email"),
        (",A,Core,,,,,", "missing_value", "email"),
        ("a@x.com,A,Core,,,2026-13-01,,", "bad_date", "valid_from"),
        ("a@x.com,A,Core,,,2026-06-01,2026-01-01,", "bad_period", "valid_to"),
        ("a@x.com,A,Core,,,,,alice", "bad_identity", "identities"),
        ("b@x.com,B,Support,,,,,", "conflicting_rows", "team"),
    ],
)
def test_a_bad_line_refuses_the_file(row, code, column):
    before = books()
    imp = give("people_csv", roster("b@x.com,B,Core,,,,,", row))

    assert [(e["code"], e["line"], e["column"]) for e in imp.errors] == [(code, 3, column)]
    assert books() == before
