"""Several bills of the same money: each books once, and which one is a deliberate choice."""

from decimal import Decimal

import pytest
from django.test import Client

from billing_ingest import bills
from billing_ingest.models import Job
from finops.attribution.models import Cell
from finops.ledger.models import BillingScope, FeedSwitch
from finops.people.models import User
from tests.commands import bill_row, settle, write
from tests.loading import give

pytestmark = pytest.mark.django_db


def client(role: str = "admin") -> Client:
    signed_in = Client()
    signed_in.force_login(User.objects.create(username=role, role=role))
    return signed_in


@pytest.fixture
def two_bills(tmp_path):
    """One account and month in two bills, 30 and 31.50."""
    for key, amounts in (("api", ("10", "20")), ("console", ("10", "21.50"))):
        rows = [bill_row(f"2025-10-0{6 + n}", amount) for n, amount in enumerate(amounts)]
        give("focus", write(tmp_path / f"{key}.csv", rows), key=key)
    settle()
    return BillingScope.objects.get()


def booked() -> Decimal:
    return Decimal(sum(cell.billed_nanos for cell in Cell.objects.all())).scaleb(-9)


def switch_to(page: Client, scope: BillingScope, key: str) -> None:
    document = scope.feed_document
    page.post(
        f"/setup/bills/{scope.pk}/switch/", {"source": key, "document": document, "note": "final"}
    )


def test_together_they_book_once_and_the_page_says_what_the_other_would_change(two_bills):
    assert booked() == 30
    page = client().get("/setup/bills/").content.decode()
    assert "1 account and month came in more than one bill" in page
    assert "+$1.50" in page


def test_a_switch_moves_exactly_what_was_shown_and_back_again(two_bills):
    admin = client()
    shown = admin.get(f"/setup/bills/{two_bills.pk}/").content.decode()
    assert "+$1.50" in shown
    (seen,) = bills.scopes_billed_twice()
    assert seen.difference(seen.others[0]) == {"USD": Decimal("1.50")}

    switch_to(admin, two_bills, "console")
    assert Job.objects.filter(kind="settle", state="waiting").exists()
    settle()
    assert booked() == Decimal("31.50")

    switch_to(admin, two_bills, "api")
    settle()
    assert booked() == 30
    kept = FeedSwitch.objects.order_by("id").values_list("difference", "note", "by__username")
    assert list(kept) == [({"USD": "1.5"}, "final", "admin"), ({"USD": "-1.5"}, "final", "admin")]


def test_switching_to_the_bill_that_is_the_money_is_refused_in_words(two_bills):
    admin = client()
    switch_to(admin, two_bills, "api")

    assert FeedSwitch.objects.count() == 0
    assert "already" in admin.get(f"/setup/bills/{two_bills.pk}/").content.decode()


def test_only_administrators_switch(two_bills):
    finance = client("finance")
    switch_to(finance, two_bills, "console")

    assert FeedSwitch.objects.count() == 0


def test_one_bill_alone_is_nothing_to_decide(tmp_path):
    give("focus", write(tmp_path / "bill.csv", [bill_row("2025-10-06", "10")]), key="api")

    assert "Every dollar comes from one bill" in client().get("/setup/bills/").content.decode()
