"""Which work the money paid for, and what of it was redone."""

from datetime import date
from decimal import Decimal

import pytest

from finops.attribution.models import ItemFate
from finops.attribution.queries.items import redone, work_items
from finops.attribution.queries.shapes import Scope
from finops.money import CENT_NANOS
from finops.outcomes.models import WorkItemPerson
from finops.people.models import Identity, Person
from finops.periods import Period
from tests.books import NOW, Books, noon, october, worked_month

pytestmark = pytest.mark.django_db

OCTOBER = Period(october(1), date(2026, 11, 1))
WHOLE = Scope(OCTOBER)


def test_items_come_dearest_first_with_their_tiers():
    worked_month()
    found = work_items(WHOLE, now=NOW)
    assert [(row.external_id, row.tiers) for row in found.rows] == [
        ("PR-1", "A"), ("PR-2", "A+B"), ("PR-3", "A+B"), ("PR-4", "A"), ("PR-5", "B"),
        ("TCK-9", "A"),
    ]  # fmt: skip
    assert (found.count, found.nanos) == (6, 22682 * CENT_NANOS)
    assert found.rest_nanos == 0


def test_a_page_says_what_it_leaves_out():
    worked_month()
    found = work_items(WHOLE, offset=1, limit=2, now=NOW)
    assert [row.external_id for row in found.rows] == ["PR-2", "PR-3"]
    assert found.rest_nanos == (22682 - 18123 + 12345) * CENT_NANOS


def test_fates_are_counted_over_all_items_whatever_fate_is_shown():
    worked_month()
    found = work_items(WHOLE, fate="abandoned", now=NOW)
    assert [row.external_id for row in found.rows] == ["PR-4"]
    assert (found.count, found.nanos) == (1, 2500 * CENT_NANOS)
    assert {fate: count for fate, (count, _) in found.fates.items()} == {
        "value": 4, "in_progress": 1, "abandoned": 1,
    }  # fmt: skip


@pytest.mark.parametrize("search", ["title of pr-3", "PR-3", " pr-3 "])
def test_search_reads_titles_and_keys(search):
    worked_month()
    assert [row.external_id for row in work_items(WHOLE, search=search, now=NOW).rows] == ["PR-3"]


@pytest.mark.parametrize("search", ["%", "_", "'; drop table x"])
def test_search_takes_signs_as_they_are(search):
    worked_month()
    assert work_items(WHOLE, search=search, now=NOW).count == 0


def test_kind_and_team_narrow_the_list():
    books = worked_month()
    assert [r.external_id for r in work_items(WHOLE, kind="ticket", now=NOW).rows] == ["TCK-9"]
    scope = Scope(OCTOBER, (books.team("support").pk,))
    assert [r.external_id for r in work_items(scope, now=NOW).rows] == ["TCK-9"]


def test_cycle_time_runs_from_the_first_commit_or_else_the_opening():
    books = Books()
    books.item("PR-1", done=october(5), started_at=noon(october(1)), created_at=noon(october(4)))
    books.item("PR-2", created_at=noon(date(2026, 11, 29)))
    books.item("PR-3", done=october(5))
    for name in books.items:
        books.spend(october(5), 100, team="core", item=name)
    books.settled()
    days = {row.external_id: row.cycle_days for row in work_items(WHOLE, now=NOW).rows}
    assert days == {"PR-1": Decimal("4.0"), "PR-2": Decimal("1.9"), "PR-3": None}


def test_a_person_with_two_names_is_one_person_and_reviewers_do_not_count():
    books = Books()
    item = books.item("PR-1", done=october(5), size_added=300, size_deleted=118)
    person = Person.objects.create(email="alice@x.example")
    Identity.objects.create(namespace="github", external_id="alice", person=person)
    for actor, role in (
        ("github:alice", "author"), ("alice@x.example", "committer"), ("github:bob", "co_author"),
        ("github:carol", "reviewer"),
    ):  # fmt: skip
        WorkItemPerson.objects.create(item=item, actor=actor, role=role)
    books.spend(october(5), 100, team="core", item="PR-1")
    books.settled()
    (row,) = work_items(WHOLE, now=NOW).rows
    assert (row.people, row.lines) == (2, 418)


def test_chains_join_what_reverts_and_redoes_one_another():
    books = Books()
    for name, fate, cents in (
        ("#98", "value", 61240), ("#40", "rework", 40288), ("#46", "rework", 22840),
        ("#27", "reverted", 26071), ("#39", "rework", 1822), ("#51", "rework", 24106),
        ("#02", "abandoned", 23690),
    ):  # fmt: skip
        done = None if fate == "abandoned" else october(5)
        books.item(name, done=done, fate=fate)
        books.spend(october(4), cents, team="core", item=name)
    books.settled()
    pk = {name: item.pk for name, item in books.items.items()}
    for name, other in (("#40", "#98"), ("#46", "#98"), ("#39", "#27"), ("#51", "#27")):
        ItemFate.objects.filter(pk=pk[name]).update(redoes_id=pk[other])
    ItemFate.objects.filter(pk=pk["#27"]).update(reverted_by_id=pk["#39"])
    chains, nanos = redone(WHOLE, limit=2)
    assert nanos == (63128 + 51999 + 23690) * CENT_NANOS
    assert [(chain.title, chain.nanos // CENT_NANOS) for chain in chains] == [
        ("Title of #98", 63128), ("Title of #27", 51999),
    ]  # fmt: skip
    assert [(name, role) for _, name, role in chains[0].items] == [
        ("#98", "first"), ("#40", "fixed by"), ("#46", "fixed by"),
    ]  # fmt: skip
    assert [(name, role) for _, name, role in chains[1].items] == [
        ("#27", "first"), ("#39", "reverted by"), ("#51", "fixed by"),
    ]  # fmt: skip
    assert redone(WHOLE, limit=3)[0][2].items == [(pk["#02"], "#02", "closed unmerged")]


def test_lists_of_work_need_two_statements(django_assert_num_queries):
    worked_month()
    with django_assert_num_queries(2):
        work_items(WHOLE, now=NOW)
    with django_assert_num_queries(2):
        redone(WHOLE)
