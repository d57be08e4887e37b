"""Names find their owners: dated, in bulk, handed over, ended; and only what they touch moves."""

from datetime import date

import pytest
from django.utils import timezone

from finops.attribution.actions.identities import (
    BadIdentityError,
    Confirmation,
    change_owner,
    confirm,
    end_name,
)
from finops.attribution.models import ActorSeen, Cell, Dirty, NameDay
from finops.attribution.owners import Owner
from finops.attribution.queries.unknown_names import candidates, unknown_names
from finops.attribution.settle import settle
from finops.outcomes.models import WorkItemPerson
from finops.people.models import Identity, User
from finops.people.names import Name, name_of
from finops.periods import month_of
from tests import facts

pytestmark = pytest.mark.django_db
OCTOBER = month_of(date(2026, 10, 1))
MAY, JUNE, JULY = (date(2026, month, 1) for month in (5, 6, 7))
USD = 10**9


@pytest.fixture
def admin() -> User:
    return User.objects.create_user("ada", role=User.Role.ADMIN)


def yes(ref: str, owner: Owner, reason: str = "same e-mail") -> Confirmation:
    namespace, _, external_id = ref.partition(":")
    return Confirmation(Name(namespace, external_id), owner, reason)


def rows(ref: str) -> list[tuple]:
    """Owner, first and last day of each row of a name, in order."""
    namespace, _, external_id = ref.partition(":")
    found = Identity.objects.filter(namespace=namespace, external_id=external_id)
    return [
        (row.person or row.team, row.valid_from, row.valid_to)
        for row in found.order_by("valid_from").select_related("person", "team")
    ]


def named(day: str, name: str, dollars: int, *, teamless: int | None = None, **more: str) -> None:
    """A day of a name that nobody owns."""
    NameDay.objects.create(
        **{"field": "api_key", "vendor": "Anthropic"} | more, day=day, name=name, cells=1,
        reporting_nanos=dollars * USD, teamless_nanos=(dollars if teamless is None else teamless) * USD,
    )  # fmt: skip


def test_the_queue_is_ordered_by_the_money_that_no_team_pays_then_by_all_money():
    named("2026-10-02", "small", 5)
    named("2026-10-03", "large", 900, teamless=1)
    named("2026-10-04", "middle", 20)
    named("2026-10-05", "middle", 20, vendor="OpenAI")
    named("2026-11-01", "november", 5000)
    ActorSeen.objects.create(
        name="github:zed", items=4, first_on="2026-10-01", last_on="2026-10-20"
    )

    queue = unknown_names(OCTOBER)

    assert [(n.name, n.teamless // USD, n.nanos // USD, n.items) for n in queue.names] == [
        ("middle", 40, 40, 0), ("small", 5, 5, 0), ("large", 1, 900, 0), ("github:zed", 0, 0, 4),
    ]  # fmt: skip
    middle = queue.names[0]
    assert (middle.vendors, middle.cells) == (("Anthropic", "OpenAI"), 2)
    assert (middle.first_on, middle.last_on) == (date(2026, 10, 4), date(2026, 10, 5))
    assert queue.waiting == 4


def test_a_name_on_money_and_on_work_stands_in_the_queue_once():
    named("2026-10-02", "github:zed", 5, field="actor")
    ActorSeen.objects.create(
        name="github:zed", items=4, first_on="2026-09-01", last_on="2026-10-20"
    )
    (one,) = unknown_names(OCTOBER).names
    assert (one.nanos, one.items, one.first_on) == (5 * USD, 4, date(2026, 9, 1))


def test_pages_of_the_queue_follow_one_another_without_gap_or_repetition():
    for number in range(23):
        named("2026-10-02", f"k{number:02}", number // 3, teamless=number // 5)
    seen, after = [], ""
    for _ in range(9):
        page = unknown_names(OCTOBER, after=after, limit=5)
        seen += [one.name for one in page.names]
        after = page.next
        assert (page.waiting, page.idle) == (18, 5)
        if not after:
            break
    assert seen == [one.name for one in unknown_names(OCTOBER, limit=99).names]
    assert len(set(seen)) == 23


def test_the_queue_is_narrowed_by_field_by_words_and_to_names():
    named("2026-10-02", "k1", 5)
    named("2026-10-02", "atlas", 7, field="project")
    assert [n.name for n in unknown_names(OCTOBER, field="project").names] == ["atlas"]
    assert [n.name for n in unknown_names(OCTOBER, search="K1").names] == ["k1"]
    assert [n.name for n in unknown_names(OCTOBER, names=["api_key k1"]).names] == ["k1"]
    assert unknown_names(OCTOBER, names=[]).names == []
    assert len(unknown_names(OCTOBER, after="no~sense").names) == 2


def test_names_whose_money_has_a_team_already_and_that_no_work_names_are_idle():
    named("2026-10-02", "placed", 900, teamless=0)
    named("2026-10-02", "lost", 5)
    named("2026-10-02", "credited", 5, teamless=-5)
    named("2026-10-02", "github:zed", 0, field="actor", teamless=0)
    ActorSeen.objects.create(
        name="github:zed", items=1, first_on="2026-10-01", last_on="2026-10-20"
    )
    queue = unknown_names(OCTOBER, idle=False)
    assert [n.name for n in queue.names] == ["lost", "github:zed", "credited"]
    assert (queue.waiting, queue.idle) == (3, 1)
    assert [n.name for n in unknown_names(OCTOBER, idle=True).names] == ["placed"]
    assert len(unknown_names(OCTOBER).names) == 4


def test_evidence_of_commits_and_directories_reaches_the_suggestions():
    facts.person("ann")
    ActorSeen.objects.create(
        name="github:quux", items=2, first_on="2026-10-01", last_on="2026-10-02"
    )
    for number in (1, 2):
        item = facts.item(f"a/x#{number}", ended="2026-10-02", people=("ann",))
        WorkItemPerson.objects.create(item=item, actor="github:quux", role="author")
    ((best,),) = candidates(unknown_names(OCTOBER).names)
    assert best.label == "ann (ann@acme.test)"
    assert "ann@acme.test stands beside it on 2 of 2 pieces of work" in best.reason


def test_many_names_are_confirmed_at_once_and_say_why_and_who(admin):
    ann = facts.person("ann", "core")
    core = facts.team("core")
    Dirty.objects.all().delete()

    confirm(
        [
            yes("api_key:k1", Owner("person", ann.pk)),
            yes("project:atlas", Owner("team", core.pk), "called like the team"),
            yes("cursor:bot", Owner("service", core.pk, "nightly build")),
            yes("github:ci", Owner("service", None, "runner")),
        ],
        by=admin,
    )

    assert rows("api_key:k1") == [(ann, None, None)]
    atlas = Identity.objects.get(namespace="project")
    assert (atlas.team, atlas.reason, atlas.confirmed_by) == (core, "called like the team", admin)
    assert atlas.recorded_at
    bot = Identity.objects.get(namespace="cursor")
    assert (bot.service, bot.team, bot.is_shared) == ("nightly build", core, False)
    runner = Identity.objects.get(external_id="ci")
    assert (runner.service, runner.team, runner.is_shared) == ("runner", None, True)
    assert set(Dirty.objects.values_list("what", "ref")) == {
        ("actor", "api_key:k1"), ("actor", "project:atlas"), ("actor", "cursor:bot"), ("actor", "github:ci"),
    }  # fmt: skip


def test_one_bad_name_leaves_all_of_them_as_they_were():
    ann = facts.person("ann")
    with pytest.raises(BadIdentityError, match="not known"):
        confirm(
            [yes("api_key:k1", Owner("person", ann.pk)), yes("api_key:k2", Owner("team", 999))],
            by=None,
        )
    assert rows("api_key:k1") == []


def test_a_confirmation_fills_only_the_days_that_nobody_owns():
    ann, bob = facts.person("ann"), facts.person("bob")
    confirm([yes("api_key:k1", Owner("person", ann.pk))], by=None, from_day=MAY, to_day=JUNE)
    confirm([yes("api_key:K1", Owner("person", bob.pk))], by=None)
    assert rows("api_key:k1") == [(ann, MAY, JUNE), (bob, JUNE, None), (bob, None, MAY)]
    with pytest.raises(BadIdentityError, match="belongs to bob in those days already"):
        confirm([yes("api_key:k1", Owner("person", ann.pk))], by=None)


def test_a_name_is_handed_over_from_a_day_on_and_the_past_stays():
    ann, bob = facts.person("ann"), facts.person("bob")
    confirm([yes("api_key:k1", Owner("person", ann.pk))], by=None)
    change_owner(Name("api_key", "k1"), Owner("person", bob.pk), from_day=JUNE, by=None)
    assert rows("api_key:k1") == [(bob, JUNE, None), (ann, None, JUNE)]
    change_owner(Name("api_key", "k1"), Owner("person", ann.pk), from_day=JUNE, by=None)
    assert rows("api_key:k1") == [(ann, JUNE, None), (ann, None, JUNE)], "corrected in place"
    with pytest.raises(BadIdentityError, match="belongs to ann already"):
        change_owner(Name("api_key", "k1"), Owner("person", ann.pk), from_day=JULY, by=None)


def test_a_later_hand_over_stays_when_an_earlier_one_is_put_in():
    ann, bob, cy = (facts.person(name) for name in ("ann", "bob", "cy"))
    confirm([yes("api_key:k1", Owner("person", ann.pk))], by=None)
    change_owner(Name("api_key", "k1"), Owner("person", cy.pk), from_day=JULY, by=None)
    change_owner(Name("api_key", "k1"), Owner("person", bob.pk), from_day=JUNE, by=None)
    assert sorted(rows("api_key:k1"), key=lambda r: r[1] or date.min) == [
        (ann, None, JUNE), (bob, JUNE, JULY), (cy, JULY, None),
    ]  # fmt: skip


def test_a_deleted_key_ends_and_keeps_its_history(admin):
    ann = facts.person("ann", "core")
    confirm([yes("api_key:k1", Owner("person", ann.pk))], by=admin)
    bill("2026-05-20", "k1", 3)
    bill("2026-06-20", "k1", 4)
    settle(now=timezone.now())
    end_name(Name("api_key", "k1"), JUNE, by=admin, reason="the vendor deleted it")
    settle(now=timezone.now())

    assert rows("api_key:k1") == [(ann, None, JUNE)]
    assert money_by_person() == {ann.pk: 3, None: 4}
    with pytest.raises(BadIdentityError, match="has ended"):
        end_name(Name("api_key", "k1"), JUNE, by=admin)


def test_a_name_that_would_mean_two_owners_without_its_namespace_is_refused():
    ann, bob = facts.person("ann"), facts.person("bob")
    confirm([yes("github:x1", Owner("person", ann.pk))], by=None)
    with pytest.raises(BadIdentityError, match="must be the same"):
        confirm([yes("cursor:x1", Owner("person", bob.pk))], by=None)
    confirm([yes("cursor:x1", Owner("person", ann.pk))], by=None)


@pytest.mark.parametrize("field", ["project", "sub_account_id"])
def test_a_project_or_account_may_be_a_persons_or_everybodys(field):
    ann = facts.person("ann", "core")
    bill("2026-10-01", "", 5, **{field: "atlas"})
    bill("2026-10-02", "", 7, **{field: "nightly"})
    settle(now=timezone.now())
    shared = Owner("service", None, "nightly")
    for text, owner in (("atlas", Owner("person", ann.pk)), ("nightly", shared)):
        confirm([Confirmation(name_of(field, text), owner, "seen")], by=None)
    settle(now=timezone.now())
    assert money_by_person() == {ann.pk: 5, None: 7}
    assert list(Cell.objects.filter(is_shared=True).values_list(field, flat=True)) == ["nightly"]
    assert not unknown_names(OCTOBER).names
    incremental = facts.derived()
    settle(full=True, now=timezone.now())
    assert facts.derived() == incremental


def test_a_confirmed_name_moves_its_own_money_and_nothing_else():
    core = facts.team("core")
    for number, key in enumerate(("k1", "k1", "k2", "k3")):
        bill(f"2026-10-0{number + 1}", key, number + 1)
    settle(now=timezone.now())
    facts.team("core")
    confirm(
        [Confirmation(name_of("api_key", "k1", "Vendor"), Owner("team", core.pk), "seen")], by=None
    )

    run = settle(now=timezone.now())

    assert not run.is_full
    assert run.cells == 2
    assert set(Cell.objects.filter(team_id=core.pk).values_list("api_key", flat=True)) == {"k1"}
    incremental = facts.derived()
    settle(full=True, now=timezone.now())
    assert facts.derived() == incremental


def bill(day: str, key: str, dollars: int, **more) -> None:
    part = facts.deliver(facts.source("bill"), "charge", f"bill:{day}:{key}", day, day)
    facts.charge(part, day, dollars * USD, api_key=key, **more)


def money_by_person() -> dict[int | None, int]:
    found: dict[int | None, int] = {}
    for person, nanos in Cell.objects.values_list("person_id", "billed_nanos"):
        found[person] = found.get(person, 0) + nanos // USD
    return found
