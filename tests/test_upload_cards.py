"""Setup > Upload: what a file's card says about who pays, what is the same, and where to look."""

import re
from datetime import date

import pytest

from billing_ingest import card, wording
from finops.ledger.models import Charge, Import
from finops.people.models import Identity, Membership, Organisation, Person, Team
from tests.bills import bill
from tests.uploading import admin, broker, cfo, send, text, work_off

__all__ = ["admin", "broker", "cfo"]

pytestmark = pytest.mark.django_db
State = Import.State
PEOPLE = b"email,name,team\nana@acme.example,Ana,Checkout\n"


def team(name: str) -> Team:
    return Team.objects.create(slug=name.lower(), name=name, color=1)


def somebody(email: str, *memberships: tuple[Team, date | None, date | None]) -> Person:
    person = Person.objects.create(email=email)
    Identity.objects.create(namespace="email", external_id=email, person=person)
    for of_team, start, end in memberships:
        Membership.objects.create(person=person, team=of_team, valid_from=start, valid_to=end)
    return person


def log(*rows: str) -> bytes:
    head = "occurred_at,provider,model,input_tokens,person,api_key,tags"
    return "\n".join([head, *rows, ""]).encode()


def first_rows(client, name: str, content: bytes) -> str:
    """The words of the first rows of a dropped file."""
    send(client, (name, content))
    work_off()
    page = text(client.get(f"/setup/imports/{Import.objects.latest('pk').pk}/"))
    return page.split("First rows as they will be booked", 1)[1].split("Not right?")[0]


# --- who would pay -------------------------------------------------------------------------


def test_a_log_says_which_team_would_pay_by_tag_person_and_key(client, cfo):
    checkout, search, platform = map(team, ("Checkout", "Search", "Platform"))
    moved = date(2026, 10, 5)
    somebody("ana@acme.example", (checkout, None, moved), (search, moved, None))
    Identity.objects.create(namespace="api_key", external_id="k1", team=platform)
    said = first_rows(
        client, "calls.csv",
        log("2026-10-02T10:00:00Z,anthropic,opus,101,ana@acme.example,k1,",
            "2026-10-06T10:00:00Z,anthropic,opus,102,Ana@acme.example,k1,",
            "2026-10-06T10:00:00Z,anthropic,opus,103,,K1,",
            "2026-10-06T10:00:00Z,anthropic,opus,104,ana@acme.example,,\"{\"\"team\"\": \"\"PLATFORM\"\"}\"",
            "2026-10-06T10:00:00Z,anthropic,opus,105,stranger@x.example,,"),
    )  # fmt: skip
    assert "Team, by rule" in said
    paid = ["Checkout 101", "Search 102", "Platform 103", "Platform 104", "no rule yet 105"]
    assert [words for words in paid if words not in said] == []


def test_a_name_that_two_vendors_know_counts_only_with_its_vendor(client, cfo):
    team("Checkout")
    for namespace, email in (("github", "a@x.example"), ("jira", "b@x.example")):
        person = somebody(email, (Team.objects.get(), None, None))
        Identity.objects.create(namespace=namespace, external_id="sam", person=person)
    said = first_rows(
        client, "calls.csv",
        log("2026-10-02T10:00:00Z,anthropic,opus,101,sam,,",
            "2026-10-02T10:00:00Z,anthropic,opus,102,github:sam,,"),
    )  # fmt: skip
    assert "no rule yet 101" in said
    assert "Checkout 102" in said


def test_a_bill_says_a_team_only_where_a_tag_names_one(client, cfo):
    team("Checkout")
    lines = bill("10.00", "20.00").decode().splitlines()
    tags = ("Tags", '"{""team"": ""checkout""}"', "")
    content = "\n".join(f"{line},{tag}" for line, tag in zip(lines, tags, strict=True))
    said = first_rows(client, "bill.csv", content.encode())
    assert "Checkout 10" in said
    assert "by its usage 20" in said


def test_without_any_team_the_column_is_left_out(client, cfo):
    assert "Team, by rule" not in first_rows(client, "bill.csv", bill("10.00"))
    assert "Team, by rule" not in first_rows(client, "people.csv", PEOPLE)


# --- what is the same ----------------------------------------------------------------------


def test_a_file_that_is_booked_already_promises_no_booking(client, cfo):
    for name in ("october.csv", "again.csv"):
        send(client, (name, bill("10.25")))
        work_off()
        if name == "october.csv":
            client.post(f"/setup/imports/{Import.objects.get().pk}/confirm/")
            work_off()
    second, first = Import.objects.values_list("pk", flat=True)
    said = text(client.get(f"/setup/imports/{second}/"))
    assert "One file is booked already. Nothing is booked until you confirm." in said
    assert f"The same bytes are booked already, as import {first}: nothing would change." in said
    assert "In scope, 1 line, known already $10.25" in said
    assert "to be booked" not in said
    assert "Know before you confirm" not in said
    client.post("/setup/upload/confirm/", {"imports": str(second)})
    assert Import.objects.get(pk=second).state == State.READY


def test_a_stranger_is_told_from_a_bill_that_lacks_columns(client, cfo):
    short = bill("10.25").replace(b"BilledCost,", b"Cost,", 1)
    send(client, ("shopping.csv", b"item,price\nmilk,2\n"), ("october.csv", short))
    work_off()
    strange, bad = (
        text(client.get(f"/setup/imports/{pk}/"))
        for pk in Import.objects.order_by("pk").values_list("pk", flat=True)
    )
    words = "It was read as a FOCUS cost and usage file, which needs 10 columns."
    assert words in strange
    assert "It is refused: 1 error on 1 line." in bad
    assert words not in bad


# --- booking several -----------------------------------------------------------------------


def test_one_yes_books_all_files_that_are_ready(client, cfo):
    send(client, ("a.csv", bill("1")), ("b.csv", b"nonsense\n"), ("people.csv", PEOPLE))
    work_off()
    ids = ",".join(map(str, Import.objects.order_by("pk").values_list("pk", flat=True)))
    address = f"/setup/upload/?imports={ids}"
    assert "Book all 2 files that are ready" in text(client.get(address))
    response = client.post("/setup/upload/confirm/", {"imports": ids})
    assert response.url == address
    work_off()
    states = Import.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [State.LOADED, State.REFUSED, State.LOADED]
    assert Charge.objects.count() == 1
    assert "Book all" not in text(client.get(address))
    assert "See what they changed" not in text(client.get(address))
    work_off("settle")
    page = client.get(address).content.decode()
    assert 'href="/?period=2026-10">See what they changed' in page


# --- afterwards ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first_day", "end_day", "query"),
    [
        (None, None, ""),
        (date(2026, 10, 1), date(2026, 11, 1), "?period=2026-10"),
        (date(2026, 10, 2), date(2026, 10, 18), "?period=2026-10"),
        (date(2026, 9, 2), date(2026, 10, 18), "?from=2026-09-01&to=2026-10-31"),
        (date(2026, 12, 31), date(2027, 1, 2), "?from=2026-12-01&to=2027-01-31"),
        (date(2020, 1, 1), date(2024, 3, 1), "?from=2023-02-01&to=2024-02-29"),
        (date(2026, 10, 3), date(2026, 10, 3), "?period=2026-10"),
    ],
)
def test_what_a_file_changed_is_looked_at_in_the_months_it_touches(first_day, end_day, query):
    assert card.months(first_day, end_day) == query


def test_what_it_changed_opens_once_the_figures_followed(client, admin):
    Organisation.objects.get_or_create(pk=1)
    for name, content, address in (
        ("october.csv", bill("10.25"), "/?period=2026-10"),
        ("people.csv", PEOPLE, "/teams/"),
    ):
        send(client, (name, content))
        work_off()
        imp = Import.objects.latest("pk")
        client.post(f"/setup/imports/{imp.pk}/confirm/")
        work_off("load")
        page = client.get(f"/setup/imports/{imp.pk}/")
        assert "follow in a moment" in text(page)
        assert "See what it changed" not in text(page)
        work_off("settle")
        page = client.get(f"/setup/imports/{imp.pk}/")
        assert f'href="{address}">See what it changed' in page.content.decode()
        assert ("Take it back" in text(page)) == (name == "october.csv")


def test_the_empty_page_says_which_files_are_understood(client, cfo):
    said = text(client.get("/setup/upload/"))
    assert "What can be dropped here?" in said
    assert "A list of people in CSV form Brings people email May have name, team" in said


def test_the_files_of_a_vendor_are_folded_under_its_name(client, cfo):
    page = client.get("/setup/upload/").content.decode()
    folded = page.partition("o-folded")[2]
    vendors = re.findall(r"<summary><b>([^<]+)</b>", folded)
    assert {"Anthropic", "AWS", "Google Cloud", "OpenAI"} <= set(vendors)
    assert vendors == sorted(vendors, key=str.casefold)
    assert "A bill that was typed in" not in page  # nobody has such a file to drop
    assert "A list of people in CSV form" not in folded


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [(1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (41_200_000, "41 MB"),
     (999_600, "1.0 MB"), (5_000_000_000_000, "5000 GB")],
)  # fmt: skip
def test_sizes_are_written_short(size_bytes, words):
    assert wording.size(size_bytes).replace(wording.NBSP, " ") == words
