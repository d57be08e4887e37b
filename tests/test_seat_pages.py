"""Seats and one-off bills as people see them: who may see holders, and what a typed bill becomes."""

from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing_ingest import load
from finops.attribution.models import Cell
from finops.attribution.verify.books import verify
from finops.ledger.models import Charge, Import
from finops.people.models import Organisation, Team, User
from tests.commands import settle
from tests.loading import give

pytestmark = pytest.mark.django_db
LIST = (
    b"vendor,plan,email,assigned_from,assigned_to,last_active_at,price,currency,period,renewal_date\n"
    b"OpenAI,Team,ana@x.test,2026-09-01,,2026-09-20T08:00:00Z,25,USD,month,\n"
    b"OpenAI,Team,ben@x.test,2026-09-01,,,30,USD,month,\n"
    b"OpenAI,Team,old@x.test,2026-01-01,2026-02-01,,30,USD,month,\n"
)
BILL = {
    "vendor": "Windsurf", "number": "2026/17", "description": "Teams plan",
    "first_day": "2026-09-01", "last_day": "2026-10-31", "amount": "610", "currency": "usd",
    "account": "", "team": "", "person": "", "note": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_kept():
    cache.clear()
    yield
    cache.clear()


def client(role: str = "admin") -> Client:
    user = User.objects.create_user(role, role=role)
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def page(signed_in: Client, address: str = "/setup/seats/") -> str:
    response = signed_in.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


# --- seats ---------------------------------------------------------------------------------------


def test_administrators_see_who_holds_which_seat():
    give("seats_csv", LIST)
    html = page(client())
    assert "<b>2 seats</b> held today" in html
    assert "ana@x.test" in html
    assert "20 Sep 2026" in html
    assert "$25.00 to $30.00 a month" in html


def test_finance_sees_holders_only_when_person_level_is_on():
    give("seats_csv", LIST)
    finance = client("cfo")
    hidden = page(finance)
    assert "<b>2 seats</b>" in hidden
    assert "x.test" not in hidden
    Organisation.objects.update_or_create(id=1, defaults={"person_level": True})
    cache.clear()
    assert "ana@x.test" in page(finance)


def test_managers_do_not_see_seats():
    assert client("manager").get("/setup/seats/").status_code == 403


def test_holders_are_found_by_word():
    give("seats_csv", LIST)
    html = page(client(), "/setup/seats/?q=ben+team")
    assert "ben@x.test" in html
    assert "ana@x.test" not in html


def test_a_seat_that_the_vendors_newest_list_leaves_out_is_not_counted():
    one = (
        b'{"total_seats": %d, "seats": [%s]}',
        b'{"created_at": "2026-01-03T09:00:00Z", "plan_type": "business", "assignee": {"login": "%s", "id": %d}}',
    )
    both = one[0] % (2, one[1] % (b"ana", 1) + b"," + one[1] % (b"ben", 2))
    give("github_copilot", both, "seats_1.json")
    signed_in = client()
    assert "<b>2 seats</b>" in page(signed_in)
    give("github_copilot", one[0] % (1, one[1] % (b"ana", 1)), "seats_2.json")
    html = page(signed_in)
    assert "<b>1 seat</b>" in html
    assert "not in the newest list" in html


def test_no_seats_say_where_they_come_from():
    assert "No seat is known yet" in page(client())


def test_the_page_asks_little_however_many_seats_there_are():
    give("seats_csv", LIST)
    signed_in = client()
    with CaptureQueriesContext(connection) as queries:
        page(signed_in)
    assert len(queries) <= 12


# --- a bill that is typed in ---------------------------------------------------------------------


def typed(signed_in: Client, **changes: str) -> Import:
    response = signed_in.post("/setup/bills/new/", BILL | changes)
    assert response.status_code == 302, response.content.decode()
    return Import.objects.latest("id")


def test_a_typed_bill_is_an_import_with_its_file_and_its_proof():
    imp = typed(client("cfo"))
    assert (imp.state, imp.totals, imp.by.username) == ("loaded", {"USD": "610"}, "cfo")
    rows = Charge.objects.order_by("charge_period_start", "sku_price_id")
    assert [(row.billed_cost, row.effective_cost) for row in rows] == [(610, 0), (0, 300), (0, 310)]
    settle()
    assert sum(cell.billed_nanos for cell in Cell.objects.all()) == 610_000_000_000
    assert [str(v) for v in verify().violations] == []


def test_a_bill_within_a_month_is_one_charge_and_a_credit_is_negative():
    typed(client(), last_day="2026-09-30", amount="-12.5")
    charge = Charge.objects.get()
    assert (charge.billed_cost, charge.effective_cost) == (Decimal("-12.5"), Decimal("-12.5"))
    assert charge.charge_category == "Credit"


def test_a_credit_over_months_is_spread_to_the_nano():
    typed(client(), last_day="2026-12-15", amount="-100.01")
    rows = Charge.objects.all()
    assert sum(row.billed_cost for row in rows) == sum(row.effective_cost for row in rows)
    assert [str(v) for v in verify().violations] == []


def test_the_same_number_corrects_a_bill_and_another_adds_one():
    signed_in = client()
    typed(signed_in)
    typed(signed_in, amount="620")
    typed(signed_in, number="2026/18", amount="1")
    active = Charge.objects.filter(slice__superseded_at=None)
    assert sum(row.billed_cost for row in active) == 621


def test_a_typed_bill_can_be_taken_back():
    imp = typed(client())
    load.undo(imp, by="somebody")
    assert not Charge.objects.filter(slice__superseded_at=None).exists()


def test_a_bill_of_a_team_is_paid_by_it():
    team = Team.objects.create(slug="core", name="Core", color=1)
    typed(client(), team="core", last_day="2026-09-30")
    settle()
    assert Cell.objects.get().team_id == team.pk


def test_typing_the_same_bill_twice_changes_nothing():
    signed_in = client()
    typed(signed_in)
    assert typed(signed_in).state == "duplicate"


@pytest.mark.parametrize(
    "change",
    [{"currency": "XYZ"}, {"last_day": "2026-08-01"}, {"amount": "many"}, {"vendor": ""},
     {"amount": "1.0000000001"}, {"team": "nobody"}, {"person": "ana"}],
)  # fmt: skip
def test_a_form_that_is_wrong_books_nothing(change):
    response = client().post("/setup/bills/new/", BILL | change)
    assert response.status_code == 200
    assert "o-wrong" in response.content.decode()
    assert not Import.objects.exists()


def test_managers_cannot_type_in_bills():
    assert client("manager").post("/setup/bills/new/", BILL).status_code == 403
