"""Outcomes: merged by their own keys, in any order, never deleted."""

import time
from itertools import permutations

import pytest

from finops.attribution.models import Dirty
from finops.outcomes.models import (
    Transition,
    WorkItem,
    WorkItemEvidence,
    WorkItemKey,
    WorkItemLink,
    WorkItemPerson,
)
from finops.people.models import Team
from tests.loading import books, give

pytestmark = pytest.mark.django_db
COLUMNS = (
    "kind", "external_id", "state", "occurred_at", "team", "person_emails", "repo", "session_ids", "links", "title",
    "url", "idempotency_key", "lines_added", "lines_deleted",
)  # fmt: skip


def told(*rows: dict[str, str]) -> bytes:
    lines = [",".join(f'"{row.get(column, "")}"' for column in COLUMNS) for row in rows]
    return "\n".join([",".join(COLUMNS), *lines, ""]).encode()


def ticket(state: str, day: int, **more: str) -> dict[str, str]:
    return {
        "kind": "ticket",
        "external_id": "ENG-1",
        "state": state,
        "occurred_at": f"2026-10-{day:02}T08:00:00Z",
    } | more


def pull(external_id: str, **more: str) -> dict[str, str]:
    return ticket("merged", 5) | {"kind": "pull_request", "external_id": external_id} | more


def item() -> tuple[str, int | None, int | None]:
    found = WorkItem.objects.get()
    first, last = found.first_completed_at, found.completed_at
    return found.state, first and first.day, last and last.day


@pytest.mark.parametrize("word", ["merged", "won", "resolved", "closed", "done", "Done"])
def test_many_words_mean_done(word):
    give("outcomes_csv", told(ticket(word, 5)))
    assert item() == ("done", 5, 5)


HISTORY = [ticket("open", 1), ticket("resolved", 3), ticket("reopened", 4), ticket("resolved", 6)]


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_files_in_any_order_end_in_the_same_state(order):
    for number in order:
        give("outcomes_csv", told(HISTORY[number]), f"{number}.csv")

    assert item() == ("done", 3, 6)
    assert Transition.objects.count() == 4


def test_rows_of_one_file_in_any_order_end_in_the_same_state():
    give("outcomes_csv", told(*HISTORY[::-1]))
    assert item() == ("done", 3, 6)


def test_open_after_done_is_reopened():
    give("outcomes_csv", told(ticket("resolved", 3)))
    give("outcomes_csv", told(ticket("open", 5)))
    assert item() == ("reopened", 3, None)


def test_an_older_word_changes_nothing_but_the_history():
    give("outcomes_csv", told(ticket("resolved", 5, title="New")))
    give("outcomes_csv", told(ticket("open", 2, title="Old", person_emails="eve@x.com")))

    assert (item(), WorkItem.objects.get().title) == (("done", 5, 5), "New")
    assert not WorkItemPerson.objects.exists()
    assert set(Transition.objects.values_list("to_state", flat=True)) == {"open", "done"}


def test_the_same_rows_again_change_nothing():
    give("outcomes_csv", told(ticket("resolved", 5, person_emails="a@x.com"), pull("acme/app#1")))
    Dirty.objects.all().delete()
    before = books()
    again = give(
        "outcomes_csv", told(pull("acme/app#1"), ticket("resolved", 5, person_emails="a@x.com"))
    )

    assert again.state == "loaded"
    assert books() == before


def test_an_empty_cell_keeps_what_is_known():
    give(
        "outcomes_csv",
        told(ticket("open", 1, title="A door", team="Core", person_emails="a@x.com")),
    )
    give("outcomes_csv", told(ticket("resolved", 2)))

    found = WorkItem.objects.get()
    assert (found.title, found.team.name, found.people.get().actor) == ("A door", "Core", "a@x.com")


def test_a_second_source_adds_evidence_and_never_a_second_item():
    give("outcomes_csv", told(ticket("resolved", 3)), key="jira")
    give("outcomes_csv", told(ticket("open", 5, title="Other", session_ids="s9")), key="helpdesk")

    assert item() == ("done", 3, 3)
    assert WorkItemEvidence.objects.count() == 2
    assert WorkItemKey.objects.filter(key_type="session").get().value == "s9"


@pytest.mark.parametrize(
    ("said", "key", "found_by"),
    [
        ({"external_id": "Acme/App#7"}, "github.com/acme/app#7", {"github.com/acme/app#7", "acme/app#7"}),
        (
            {"external_id": "https://gitlab.acme.test/Team/App/-/merge_requests/7"},
            "gitlab.acme.test/team/app#7", {"gitlab.acme.test/team/app#7", "team/app#7"},
        ),
        (
            {"external_id": "acme/app#7", "url": "https://git.acme.test/acme/app/pull/7"},
            "git.acme.test/acme/app#7", {"git.acme.test/acme/app#7", "acme/app#7"},
        ),
        ({"external_id": "app#7"}, "app#7", {"app#7"}),
        ({"external_id": "PR-7", "repo": "Acme/App"}, "pr-7", {"pr-7", "acme/app#7"}),
        ({"external_id": "PR-7"}, "pr-7", {"pr-7"}),
    ],
)  # fmt: skip
def test_a_pull_request_is_found_by_every_name_it_has(said, key, found_by):
    give("outcomes_csv", told(pull("x") | said))

    found = WorkItem.objects.get()
    assert (found.key, found.external_id) == (key, said["external_id"])
    assert set(found.keys.values_list("value", flat=True)) == found_by


def test_sessions_may_have_weights():
    give("outcomes_csv", told(pull("acme/app#1", session_ids="s7=120; s8=80;S9")))

    keys = WorkItemKey.objects.filter(key_type="session").values_list("value", "weight")
    assert set(keys) == {("s7", 120), ("s8", 80), ("S9", 1)}


def test_links_say_what_was_undone_and_what_was_closed():
    give(
        "outcomes_csv",
        told(pull("acme/app#2", links="reverts:Acme/App#1; closes:ENG-12;fixes:PR-3")),
    )

    links = WorkItemLink.objects.values_list("link_type", "target_kind", "target_key")
    assert set(links) == {
        ("reverts", "pull_request", "github.com/acme/app#1"), ("closes", "ticket", "eng-12"),
        ("fixes", "pull_request", "pr-3"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        (ticket("maybe", 5), "not_allowed", "state"),
        (ticket("done", 5, kind="epic"), "not_allowed", "kind"),
        (ticket("done", 5, external_id=""), "missing_value", "external_id"),
        (ticket("done", 5, occurred_at=""), "missing_value", "occurred_at"),
        (ticket("done", 5, links="undoes:ENG-2"), "bad_list", "links"),
        (ticket("done", 5, links="ENG-2"), "bad_list", "links"),
        (ticket("done", 5, session_ids="s7=many"), "bad_list", "session_ids"),
    ],
)
def test_a_bad_row_refuses_the_file_and_is_named(row, code, column):
    before = books()
    imp = give("outcomes_csv", told(ticket("done", 4), row))

    assert [(e["code"], e["line"], e["column"]) for e in imp.errors if e["column"] == column] == [
        (code, 3, column)
    ]
    assert books() == before


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [("-5", "USD", "amount_negative"), ("1e3", "USD", "amount_format"), ("NaN", "USD", "amount_not_finite"),
     ("5", "", "missing_value_beside"), ("5", "usd", "unknown_currency")],
)  # fmt: skip
def test_a_value_is_a_plain_amount_in_a_currency(amount, currency, code):
    head = "kind,external_id,state,occurred_at,value_amount,value_currency"
    imp = give("outcomes_csv", f"{head}\ndeal,7,won,2026-10-05,{amount},{currency}\n".encode())

    assert [(e["code"], e["line"]) for e in imp.errors] == [(code, 2)]


def test_one_key_for_two_events_is_refused_with_both_lines():
    rows = [ticket("done", 5, idempotency_key="k"), ticket("abandoned", 5, idempotency_key="k")]
    imp = give("outcomes_csv", told(*rows))

    assert [(e["code"], e["line"], e["found"]) for e in imp.errors] == [
        ("conflicting_line_id", 3, "k")
    ]


def test_teams_are_found_by_slug_or_name_or_made_with_a_colour():
    Team.objects.create(slug="core-platform", name="Core", color=1)
    give("outcomes_csv", told(
        ticket("done", 5, team="core"), pull("a/b#1", team="core-platform"), pull("a/b#2", team="New Team"),
    ))  # fmt: skip

    teams = dict(WorkItem.objects.values_list("external_id", "team__slug"))
    assert teams == {"ENG-1": "core-platform", "a/b#1": "core-platform", "a/b#2": "new-team"}
    assert Team.objects.get(slug="new-team").color == 2


def test_twenty_thousand_tickets_are_merged_as_a_set(django_assert_max_num_queries):
    rows = [
        ticket("done", 5, external_id=f"ENG-{n}", person_emails=f"p{n % 500}@x.com")
        for n in range(20_000)
    ]
    body = told(*rows)
    start = time.monotonic()
    with django_assert_max_num_queries(60):
        imp = give("outcomes_csv", body)

    assert (imp.rows, WorkItem.objects.count()) == (20_000, 20_000)
    assert time.monotonic() - start < 60


def test_the_size_of_a_change_is_kept_when_the_file_says_it():
    give("outcomes_csv", told(pull("acme/app#1", lines_added="120", lines_deleted="7")))
    give("outcomes_csv", told(pull("acme/app#1", occurred_at="2026-10-06T08:00:00Z")))
    found = WorkItem.objects.get()
    assert (found.size_added, found.size_deleted) == (120, 7)


def test_a_size_that_is_no_number_refuses_the_file():
    found = give("outcomes_csv", told(pull("acme/app#1", lines_added="large")))
    assert found.state == "refused"
    assert [error["column"] for error in found.errors] == ["lines_added"]
