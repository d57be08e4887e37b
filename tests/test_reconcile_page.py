"""Reconcile as people see it: the page, its files, the API, and who may see it at all."""

import csv
import io
import json

import pytest
from django.core.cache import cache
from django.test import Client

from finops.ledger.models import Invoice
from finops.people.models import Team, User
from tests.bill_and_log import Due, Month
from tests.loading import source

pytestmark = pytest.mark.django_db
STATE = "?period=2026-10"


@pytest.fixture(autouse=True)
def nothing_kept():
    cache.clear()
    yield
    cache.clear()


def client(role: str = "cfo") -> Client:
    user = User.objects.create_user(role, role=role)
    if role == "manager":
        user.teams.add(Team.objects.create(slug="core", name="Core", color=1))
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def page(signed_in: Client, address: str = f"/reconcile/{STATE}") -> str:
    response = signed_in.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def rows(signed_in: Client, address: str) -> list[dict[str, str]]:
    text = signed_in.get(address).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_bill_that_ties_says_so():
    Month().load()
    html = page(client())
    assert "The one bill with an invoice ties <b>to the cent</b>." in html
    assert "ties to the cent" in html


def test_what_is_off_is_named_with_its_cause():
    Month(due=[Due("21.85", tax="3.49")]).load()
    html = page(client())
    assert "$3.49 off: tax" in html
    assert "The invoice is <b>$3.49</b> above it: tax." in html


def test_what_has_no_cause_is_called_unexplained():
    Month(due=[Due("18.00")]).load()
    assert '<span class="o-state o-late">$0.36 off: unexplained</span>' in page(client())


def test_a_missing_invoice_can_be_typed_in_from_there():
    Month(due=[]).load()
    signed_in = client()
    html = page(signed_in)
    assert "no invoice yet" in html
    href = (
        "/setup/invoices/new/?month=2026-10&amp;issuer=Anthropic&amp;account=org-1&amp;currency=USD"
    )
    assert href in html

    form = signed_in.get(href.replace("&amp;", "&")).context["form"]
    told = {name: str(form[name].value()) for name in ("issuer", "first_day", "last_day")}
    assert told == {"issuer": "Anthropic", "first_day": "2026-10-01", "last_day": "2026-10-31"}
    signed_in.post("/setup/invoices/new/", written("18.36"))

    assert Invoice.objects.get().origin == "typed"
    assert "ties to the cent" in page(signed_in)


def written(amount: str, **more: str) -> dict[str, str]:
    return {
        "issuer": "Anthropic", "billing_account_id": "org-1", "number": "INV-10",
        "issued_on": "2026-11-02", "first_day": "2026-10-01", "last_day": "2026-10-31",
        "currency": "usd", "amount": amount, "tax_amount": "", "note": "",
    } | more  # fmt: skip


def test_a_correction_counts_and_the_old_figures_stay_readable():
    Month(due=[Due("18.00")]).load()
    signed_in = client()
    old = Invoice.objects.get()
    signed_in.post(f"/setup/invoices/{old.pk}/", written("18.36"))

    assert "ties to the cent" in page(signed_in)
    assert "18.00" in page(signed_in, f"/setup/invoices/{old.pk}/")
    old.refresh_from_db()
    assert old.superseded_at
    assert signed_in.post(f"/setup/invoices/{old.pk}/", written("1")).status_code == 404


def test_an_invoice_that_is_taken_out_counts_no_more():
    Month().load()
    signed_in = client()
    signed_in.post(f"/setup/invoices/{Invoice.objects.get().pk}/withdraw/")
    assert "no invoice yet" in page(signed_in)
    assert Invoice.objects.get().superseded_at


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount", "1,000"), ("amount", "9000000001"), ("currency", "XYZ"), ("last_day", "2026-09-30"),
     ("number", "INV-10")],
)  # fmt: skip
def test_what_makes_no_sense_is_not_kept(field, value):
    Month().load()
    form = written("18.36", number="INV-11") | {field: value}
    response = client().post("/setup/invoices/new/", form)
    assert response.status_code == 200
    assert response.context["form"].errors[field]
    assert Invoice.objects.count() == 1


def test_page_file_and_api_say_the_same():
    Month(due=[Due("21.85", tax="3.49")]).load()
    signed_in = client()
    assert "$3.49 off: tax" in page(signed_in)

    (line,) = rows(signed_in, f"/panels/reconcile/months.csv{STATE}")
    said = json.loads(signed_in.get(f"/api/v1/reconcile/{STATE}").content)["months"][0]
    assert (line["usage_at_list_price"], line["bill"], line["invoice"]) == (
        said["usage_at_list_price"], said["bill"], said["invoice"],
    )  # fmt: skip
    assert (said["bill"], said["invoice"], said["words"]) == ("18.36", "21.85", line["verdict"])

    buckets = rows(signed_in, f"/panels/reconcile/bridge.csv{STATE}")
    month = json.loads(signed_in.get("/api/v1/reconcile/anthropic/2026-10/").content)
    assert [(b["bucket"], b["amount"]) for b in buckets] == [
        ("Usage at list price", "18.36"), ("Bill", "18.36"), ("Tax", "3.49"), ("Invoice", "21.85"),
    ]  # fmt: skip
    assert [(b["bucket"], b["step"], b["amount"]) for b in month["buckets"]] == [
        ("tax", "invoice", "3.49")
    ]


def test_the_api_refuses_months_that_are_none():
    signed_in = client()
    assert signed_in.get("/api/v1/reconcile/anthropic/2026-13/").status_code == 400
    assert signed_in.get("/api/v1/reconcile/anthropic/2026-10/").status_code == 404


def test_the_address_chooses_the_month():
    Month(due=[Due("18.00")]).load()
    key = source("focus", "anthropic").key
    html = page(client(), f"/reconcile/{STATE}&month=2026-10&source={key}&currency=USD")
    assert 'aria-current="true"' in html


def test_books_without_a_bill_say_how_to_begin():
    html = page(client(), "/reconcile/")
    assert "There is no bill to hold against an invoice" in html


@pytest.mark.parametrize(
    "address",
    ["/reconcile/", "/panels/reconcile/months/", "/panels/reconcile/bridge.csv",
     "/api/v1/reconcile/", "/api/v1/reconcile/anthropic/2026-10/", "/setup/invoices/",
     "/setup/invoices/new/"],
)  # fmt: skip
def test_managers_do_not_see_it(address):
    signed_in = client("manager")
    assert signed_in.get(address).status_code == 403
    assert "Reconcile" not in page(signed_in, "/")
