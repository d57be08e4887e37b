"""Finance closes months and answers disputes on pages; managers dispute lines of their own teams."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.test import Client

from finops.attribution.models import Cell, Closing, Dispute
from finops.attribution.settle import settle
from finops.people.models import Team, User
from tests import facts
from tests.test_closing import readable  # noqa: F401 - a fixture
from tests.test_known_on import books, restate  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books", "readable")]
MONTH = "/reconcile/close/2026-10/"


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    cache.clear()


def signed_in(role: str, *teams: str) -> Client:
    user = User.objects.create_user(f"{role}-{'-'.join(teams)}", role=role)
    user.teams.set(Team.objects.filter(slug__in=teams))
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_finance_closes_a_month_and_sees_what_came_later() -> None:
    finance = signed_in("cfo")
    assert "Close October 2026" in text(finance, MONTH)
    assert finance.post(f"{MONTH}close/", {"note": "done"}).status_code == 302
    assert "Nothing. The month reads as it was closed." in text(finance, MONTH)
    restate()
    settle(now=datetime(2026, 11, 20, tzinfo=UTC))
    month = text(finance, MONTH)
    assert "1 adjustment since: +$11.00" in month
    assert "bill:2026-10 (bill)" in month
    assert "1 adjustment since: +$11.00" in text(finance, "/reconcile/close/")
    overview = text(finance, "/?period=2026-10")
    assert "October 2026 is closed." in overview
    assert "1 adjustment since: +$11.00" in overview
    assert Closing.objects.get().closed_by is not None


def test_the_overview_as_closed_is_one_click_away() -> None:
    finance = signed_in("cfo")
    finance.post(f"{MONTH}close/")
    closing = Closing.objects.get()
    moment = closing.known_at.isoformat().replace("+00:00", "Z")
    address = f"/?period=2026-10&amp;known_on={moment}"
    assert address in text(finance, MONTH)
    assert "As known on" in text(finance, address.replace("&amp;", "&"))


def test_a_manager_hears_that_a_month_is_closed_but_not_how_much_it_changed() -> None:
    signed_in("cfo").post(f"{MONTH}close/")
    page = text(signed_in("manager", "core"), "/teams/core/?period=2026-10")
    assert "October 2026 is closed." in page
    assert "since" not in page.split("October 2026 is closed.")[1].split("</div>")[0]


def test_what_stands_in_the_way_is_shown_and_nothing_is_closed() -> None:
    facts.dirty("item", 1)
    response = signed_in("cfo").post(f"{MONTH}close/")
    assert response.status_code == 400
    assert "1 change waits for settle" in response.content.decode()
    assert not Closing.objects.exists()


def test_reopening_is_kept_with_its_reason() -> None:
    finance = signed_in("cfo")
    finance.post(f"{MONTH}close/")
    assert finance.post(f"{MONTH}reopen/", {"why": ""}).status_code == 400
    finance.post(f"{MONTH}reopen/", {"why": "an invoice came late"})
    page = text(finance, MONTH)
    assert "an invoice came late" in page
    assert "Close October 2026" in page


def test_the_journal_comes_as_a_file() -> None:
    finance = signed_in("cfo")
    finance.post(f"{MONTH}close/")
    response = finance.get(f"{MONTH}journal.csv?known_on=closing")
    assert "outlay-journal-2026-10-as-closed.csv" in response["Content-Disposition"]
    rows = response.content.decode().splitlines()
    assert rows[0].endswith(
        "date,entry,account,cost_center,team,vendor,description,debit,credit,currency"
    )
    assert len(rows) > 3
    assert len(finance.get(f"{MONTH}journal.csv?since=closing").content.splitlines()) == 1
    assert finance.get(f"{MONTH}journal.csv?since=soon").status_code == 404


@pytest.mark.parametrize("address", ["/reconcile/close/", MONTH, f"{MONTH}journal.csv"])
def test_managers_do_not_open_closing(address: str) -> None:
    assert signed_in("manager", "core").get(address).status_code == 403
    assert signed_in("manager", "core", "data").post(f"{MONTH}close/").status_code == 403


def line_of(slug: str) -> str:
    cell = Cell.objects.filter(team_id=Team.objects.get(slug=slug).pk).earliest("day")
    return f"{cell.charged_on}-{cell.charge_id}"


def test_a_manager_disputes_a_line_and_finance_moves_it() -> None:
    manager, finance = signed_in("manager", "core"), signed_in("cfo")
    line = line_of("core")
    assert "Dispute this line" in text(manager, f"/spend/lines/{line}/")
    raised = manager.post(f"/disputes/line/{line}/", {"team": "core", "reason": "Not us."})
    dispute = Dispute.objects.get()
    assert raised["Location"] == f"/disputes/{dispute.pk}/"
    page = text(finance, f"/disputes/{dispute.pk}/")
    assert "Not us." in page
    assert "Accept" in page
    answered = finance.post(
        f"/disputes/{dispute.pk}/answer/", {"do": "accept", "to_team": "data", "answer": "Right."}
    )
    assert answered.status_code == 302
    settle(now=datetime(2026, 11, 20, tzinfo=UTC))
    assert Cell.objects.get(charge_id=dispute.charge_id).team_id == Team.objects.get(slug="data").pk
    listed = text(manager, "/disputes/")
    assert "Data pays." in listed
    assert "Right." in listed
    assert "Accept</button>" not in text(manager, f"/disputes/{dispute.pk}/")


def test_a_manager_neither_answers_nor_sees_disputes_of_others() -> None:
    manager, other = signed_in("manager", "core"), signed_in("manager", "data")
    line = line_of("core")
    assert other.post(f"/disputes/line/{line}/", {"team": "core", "reason": "x"}).status_code == 404
    manager.post(f"/disputes/line/{line}/", {"team": "core", "reason": "Not us."})
    dispute = Dispute.objects.get()
    assert other.get(f"/disputes/{dispute.pk}/").status_code == 404
    assert "Not us." not in text(other, "/disputes/")
    refused = manager.post(f"/disputes/{dispute.pk}/answer/", {"do": "refuse", "answer": "x"})
    assert refused.status_code == 403
    finance = signed_in("cfo")
    assert finance.post(f"/disputes/{dispute.pk}/answer/", {"do": "accept"}).status_code == 400
    assert finance.post(f"/disputes/{dispute.pk}/answer/", {"do": "refuse"}).status_code == 400
    finance.post(f"/disputes/{dispute.pk}/answer/", {"do": "refuse", "answer": "It is yours."})
    assert "It is yours." in text(manager, "/disputes/")
