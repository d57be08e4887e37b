"""Two people who are one, and one who is two: the books follow, and only where they must."""

from collections import Counter
from datetime import date

import pytest
from django.utils import timezone

from finops.attribution.actions.identities import BadIdentityError
from finops.attribution.actions.people import merge, split
from finops.attribution.models import Allocation, Cell, ItemTeam
from finops.attribution.settle import settle
from finops.people.days import Days
from finops.people.models import Identity, Membership, Person, Team
from tests import facts
from tests.loading import give

pytestmark = pytest.mark.django_db
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
OCTOBER_3 = date(2026, 10, 3)
USD = 10**9


@pytest.fixture
def company() -> tuple[Person, Person, Person]:
    """Ann works as herself and as alee, cy beside them; each call has a charge of its own."""
    ann, alee, cy = facts.person("ann", "core"), facts.person("alee"), facts.person("cy", "data")
    Identity.objects.create(namespace="github", external_id="alee", person=alee)
    calls = (("ann", 1), ("alee", 2), ("alee", 4), ("cy", 8), ("cy", 9))
    for number, (name, day) in enumerate(calls):
        when = f"2026-10-0{day}"
        part = facts.deliver(facts.source("bill"), "charge", f"bill:{when}", when, when)
        facts.charge(part, when, (number + 1) * USD, actor=f"{name}@acme.test", repo="a/x")
    facts.item("a/x#1", started="2026-10-01", ended="2026-10-05", people=("ann",), repo="a/x")
    facts.item("a/x#2", started="2026-10-01", ended="2026-10-05", people=("alee",), repo="a/x")
    facts.item("a/y#3", started="2026-10-07", ended="2026-10-09", people=("cy",), repo="a/y")
    settle(now=timezone.now())
    return ann, alee, cy


def settled_alike() -> Counter[str]:
    """Settle what changed; fail unless a full settle gives the same.

    Return whose cells were settled again (an allocation that is left alone keeps its number), and
    check the run's own count: a cell that is booked anew may count with the one it replaces.
    """
    before = set(Allocation.objects.values_list("id", flat=True))
    cells = set(Cell.objects.values_list("id", flat=True))
    run = settle(now=timezone.now())
    assert not run.is_full
    touched = Cell.objects.filter(
        pk__in=Allocation.objects.exclude(pk__in=before).values("cell_id")
    )
    booked = len(set(touched.values_list("id", flat=True)) - cells)
    assert run.cells in (len(touched), len(touched) + booked)
    again = Counter(cell.actor.partition("@")[0] for cell in touched)
    incremental = facts.derived()
    settle(full=True, now=timezone.now())
    assert facts.derived() == incremental
    return again


def cells_of(*people: Person) -> set[str]:
    return set(
        Cell.objects.filter(person_id__in=[p.pk for p in people]).values_list("actor", flat=True)
    )


def test_merged_people_are_one_and_the_row_of_the_other_stays(company):
    ann, alee, _ = company
    done = merge(ann, alee, by=None)
    settle(now=timezone.now())

    assert (done.names, done.stays, done.dropped) == (2, 0, [])
    alee.refresh_from_db()
    assert alee.merged_into == ann
    assert not alee.identities.exists()
    assert cells_of(ann) == {"ann@acme.test", "alee@acme.test"}
    assert cells_of(alee) == set()
    teams = Cell.objects.filter(actor="alee@acme.test").values_list("team_id", flat=True)
    assert set(teams) == {Team.objects.get(slug="core").pk}
    assert set(ItemTeam.objects.filter(team_id=teams[0]).values_list("credit_ppm", flat=True)) == {
        1_000_000
    }


def test_a_merge_settles_only_the_cells_it_touches(company):
    ann, alee, _ = company
    merge(ann, alee, by=None)
    assert settled_alike() == {"ann": 1, "alee": 2}


def test_a_merge_that_changes_no_work_touches_only_the_names_that_moved(company):
    _, _, cy = company
    ghost = facts.person("ghost")
    settle(now=timezone.now())
    merge(cy, ghost, by=None)
    assert settled_alike() == {}


def test_stays_of_both_are_joined_and_those_that_overlap_give_way_and_are_reported():
    ann, alee = facts.person("ann"), facts.person("alee")
    core, data = facts.team("core"), facts.team("data")
    Membership.objects.create(person=ann, team=core, valid_from=MAY, valid_to=JUNE)
    Membership.objects.create(person=alee, team=data)

    done = merge(ann, alee, by=None)

    stays = Membership.objects.filter(person=ann).values_list(
        "team__slug", "valid_from", "valid_to"
    )
    assert set(stays) == {("core", MAY, JUNE), ("data", None, MAY), ("data", JUNE, None)}
    assert [(d.team, d.kept_team, d.days) for d in done.dropped] == [
        ("Data", "Core", Days(MAY, JUNE))
    ]
    assert done.stays == 2
    assert not alee.memberships.exists()


def test_a_kept_person_who_gains_a_team_is_settled_too(company):
    _, alee, cy = company
    merge(alee, cy, by=None)  # alee had no team, cy brings data
    settled_alike()
    data = Team.objects.get(slug="data").pk
    assert set(Cell.objects.filter(person_id=alee.pk).values_list("team_id", flat=True)) == {data}


def test_nobody_is_merged_twice_or_into_themselves(company):
    ann, alee, cy = company
    with pytest.raises(BadIdentityError, match="the same"):
        merge(ann, ann, by=None)
    merge(ann, alee, by=None)
    for pair in ((cy, alee), (alee, cy)):
        with pytest.raises(BadIdentityError, match="was merged into ann"):
            merge(*pair, by=None)
    merge(cy, ann, by=None)
    alee.refresh_from_db()
    assert alee.merged_into == cy, "the chain is short"


def test_some_names_become_a_new_person_in_the_same_team(company):
    ann, alee, _ = company
    merge(ann, alee, by=None)
    settle(now=timezone.now())
    row = Identity.objects.get(namespace="github", external_id="alee")

    done = split(ann, [row.pk], email="New@Acme.test", name="New", by=None)

    assert (done.is_new, done.person.email, done.names) == (True, "new@acme.test", 1)
    assert [i.external_id for i in done.person.identities.order_by("namespace")] == [
        "new@acme.test",
        "alee",
    ]
    assert [m.team.slug for m in done.person.memberships.all()] == ["core"]
    settled_alike()


def test_a_split_moves_the_days_from_a_day_on_and_settles_only_those_names(company):
    ann, alee, cy = company
    row = Identity.objects.get(namespace="email", external_id="alee@acme.test")

    split(alee, [row.pk], to=cy, from_day=OCTOBER_3, by=None)
    assert settled_alike() == {"alee": 2}

    days = dict(Cell.objects.filter(actor="alee@acme.test").values_list("day", "person_id"))
    assert days == {date(2026, 10, 2): alee.pk, date(2026, 10, 4): cy.pk}
    assert ann.identities.count() == 1


def test_a_split_takes_a_merge_back(company):
    ann, alee, _ = company
    before = facts.derived()
    merge(ann, alee, by=None)
    settle(now=timezone.now())
    rows = Identity.objects.filter(person=ann, external_id__contains="alee").values_list(
        "pk", flat=True
    )
    done = split(ann, list(rows), to=alee, same_teams=False, by=None)
    settled_alike()
    assert done.is_new
    alee.refresh_from_db()
    assert alee.merged_into is None
    assert facts.derived() == before


def test_a_split_without_names_or_with_names_of_others_is_refused(company):
    ann, alee, cy = company
    foreign = Identity.objects.get(namespace="github", external_id="alee")
    for chosen in ([], [foreign.pk]):
        with pytest.raises(BadIdentityError, match="at least one of the person’s names"):
            split(ann, chosen, to=cy, by=None)
    with pytest.raises(BadIdentityError, match="e-mail address"):
        split(alee, [foreign.pk], email="nobody", by=None)
    with pytest.raises(BadIdentityError, match="theirs already"):
        split(alee, [foreign.pk], to=alee, by=None)


HEAD = "email,name,team,parent_team,cost_center,valid_from,valid_to,identities"


def roster(*rows: str) -> bytes:
    return "\n".join([HEAD, *rows, ""]).encode()


def test_a_later_file_that_names_the_one_who_went_lands_on_the_one_who_stayed():
    give("people_csv", roster("a@x.com,Ann,Core,,,,,", "b@x.com,Bea,Support,,,,,github:bea"))
    ann, bea = Person.objects.get(email="a@x.com"), Person.objects.get(email="b@x.com")
    merge(ann, bea, by=None)

    give("people_csv", roster("b@x.com,Other,Search,,,2026-06-01,,github:bea;jira:7"))

    assert Person.objects.count() == 2
    assert {i.person for i in Identity.objects.all()} == {ann}
    assert Identity.objects.get(namespace="jira").person == ann
    stays = Membership.objects.filter(person=ann).values_list("team__name", "valid_from")
    assert set(stays) == {("Core", None), ("Search", JUNE)}
    assert Person.objects.get(email="a@x.com").name == "Ann"


def test_a_file_that_names_both_counts_for_the_one_who_stayed():
    give("people_csv", roster("a@x.com,Ann,Core,,,,,", "b@x.com,Bea,Support,,,,,"))
    ann, bea = Person.objects.get(email="a@x.com"), Person.objects.get(email="b@x.com")
    merge(ann, bea, by=None)
    give("people_csv", roster("b@x.com,Bea,Support,,,,,", "a@x.com,Ann,Core,,,,,slack:1"))
    assert [m.team.name for m in Membership.objects.all()] == ["Core"]
    assert Identity.objects.filter(person=bea).count() == 0


def test_a_file_does_not_overrule_what_a_person_decided():
    give("people_csv", roster("a@x.com,Ann,Core,,,,,github:z", "b@x.com,Bea,Core,,,,,"))
    ann, bea = Person.objects.get(email="a@x.com"), Person.objects.get(email="b@x.com")
    row = Identity.objects.get(namespace="github")
    split(ann, [row.pk], to=bea, by=None)

    imp = give("people_csv", roster("a@x.com,Ann,Core,,,,,github:Z;jira:1"))

    assert Identity.objects.get(namespace="github").person == bea
    assert [w["code"] for w in imp.warnings] == ["kept_name"]
    assert "github:z" in imp.warnings[0]["message"]


def test_a_name_that_two_claim_from_one_day_goes_to_neither_and_is_said():
    imp = give(
        "people_csv", roster("a@x.com,Ann,Core,,,,,github:z", "b@x.com,Bea,Core,,,,,github:z")
    )
    assert not Identity.objects.filter(namespace="github").exists()
    (warning,) = imp.warnings
    assert (warning["code"], warning["claims"]) == ("conflicting_name", ["a@x.com", "b@x.com"])
