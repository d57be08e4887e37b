"""Currencies keep theirs, rates are dated and ours to choose, and units are registered first."""

import pytest
from django.test import Client

from billing_ingest.models import Job
from finops.attribution.models import Cell
from finops.ledger.models import FxRate, Unit
from finops.people.models import User
from tests.commands import bill_row, settle, write
from tests.loading import give

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create(username="admin", role="admin"))
    return client


def bill(tmp_path, currency: str, amount: str = "10"):
    rows = [bill_row("2025-10-06", amount, BillingCurrency=currency)]
    return give("focus", write(tmp_path / f"{currency}.csv", rows))


def converted() -> int | None:
    return Cell.objects.get().reporting_billed_nanos


def type_in(admin: Client, currency: str, day: str, rate: str) -> str:
    said = {"do": "rate", "currency": currency, "day": day, "rate": rate, "origin": "ECB"}
    return admin.post("/setup/currencies/", said, follow=True).content.decode()


def test_without_a_rate_money_stands_apart_and_the_page_says_so(admin, tmp_path):
    bill(tmp_path, "EUR")
    settle()

    assert converted() is None
    page = admin.get("/setup/currencies/").content.decode()
    assert "10.00 has no rate and is shown apart" in page


def test_a_rate_that_is_typed_in_converts_what_came_before(admin, tmp_path):
    bill(tmp_path, "EUR")
    settle()
    assert "1.1 USD from 1 October 2025" in type_in(admin, "eur", "2025-10-01", "1.1")

    assert Job.objects.filter(kind="settle", state="waiting").exists()
    settle()
    assert converted() == 11_000_000_000
    assert "Every currency that came has a rate" in admin.get("/setup/currencies/").content.decode()


def test_a_rate_of_a_later_day_says_nothing_about_an_earlier_one(admin, tmp_path):
    bill(tmp_path, "EUR")
    type_in(admin, "EUR", "2025-10-07", "1.1")
    settle()

    assert converted() is None


def test_a_changed_rate_converts_anew_and_the_same_one_changes_nothing(admin, tmp_path):
    bill(tmp_path, "EUR")
    give("fx_csv", b"currency,day,rate\nEUR,2025-10-01,1.1\n", "rates.csv")
    settle()
    give("fx_csv", b"currency,day,rate\nEUR,2025-10-01,1.2\n", "rates.csv")
    settle()

    assert converted() == 12_000_000_000
    assert "is there already" in type_in(admin, "EUR", "2025-10-01", "1.2")
    assert FxRate.objects.count() == 1


@pytest.mark.parametrize(
    ("rows", "code", "line"),
    [
        ("EUR,2025-10-01,0", "bad_rate", 2), ("USD,2025-10-01,1", "bad_rate", 2),
        ("EUR,2025-10-01,-1", "amount_negative", 2), ("EUR,2025-02-30,1", "bad_date", 2),
        ("ABC,2025-10-01,1", "unknown_currency", 2),
        ("EUR,2025-10-01,1\nEUR,2025-10-01,2", "conflicting_rows", None),
    ],
)  # fmt: skip
def test_a_list_with_a_wrong_rate_is_refused_whole(rows, code, line):
    imp = give("fx_csv", f"currency,day,rate\n{rows}\n".encode())

    assert (imp.state, imp.errors[0]["code"], imp.errors[0]["line"]) == ("refused", code, line)
    assert FxRate.objects.count() == 0


def test_a_unit_is_refused_until_it_is_registered_and_then_has_rates_like_a_currency(
    admin, tmp_path
):
    refused = bill(tmp_path, "Token")
    assert refused.errors[0]["code"] == "unknown_currency"
    assert "Currencies" in refused.errors[0]["fix"]

    admin.post(
        "/setup/currencies/",
        {"do": "unit", "code": "tok", "label": "Compute tokens", "names": "Token, tokens"},
    )
    assert Unit.objects.get().names == ["token", "tokens"]
    loaded = bill(tmp_path, "Token", "200")
    assert (loaded.state, loaded.totals) == ("loaded", {"TOK": "200"})

    type_in(admin, "TOK", "2025-10-01", "0.05")
    settle()
    assert converted() == 10_000_000_000


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"code": "eur", "names": "x"}, "national currency"),
        ({"code": "1ab", "names": "x"}, "the first one a letter"),
        ({"code": "tok", "names": "usd"}, "means something already"),
    ],
)
def test_a_unit_must_not_be_taken_for_a_currency(admin, said, words):
    page = admin.post("/setup/currencies/", {"do": "unit", "label": "x", **said}).content.decode()

    assert words in page
    assert Unit.objects.count() == 0


def test_only_administrators_change_rates(tmp_path):
    client = Client()
    client.force_login(User.objects.create(username="f", role="finance"))
    type_in(client, "EUR", "2025-10-01", "1.1")

    assert FxRate.objects.count() == 0
