"""The specification's own example files: which of them are a bill, and what the others lack."""

import pytest

from finops.ledger.models import Charge
from tests.loading import books, give
from tests.samples import shared

pytestmark = pytest.mark.django_db
FOLDER = "data/spend/focus-spec-examples"

BILLS = {
    "saas_spend_agreements_a1": (4, "1200"),
    "saas_spend_agreements_a2": (13, "1200"),
    "simple_saas_agreements_a1": (1, "10000"),
    "simple_saas_agreements_a2": (1, "50000"),
    "simple_saas_agreements_a3": (1, "1000"),
    "simple_saas_agreements_b": (1, "50000"),
    "virtual_currency_pricing_model_a1": (1, "200000"),
    "virtual_currency_pricing_model_a2": (3, "0"),
    "virtual_currency_pricing_model_c": (2, "53000"),
}
# These excerpts name no account, issuer and currency: nothing that could be booked.
EXCERPTS = [f"commitment_discount_purchase_scenario_{n}" for n in (1, 2, 3)] + [
    f"commitment_discount_usage_scenario_{n}" for n in (1, 2, 3, 4)
]
TORN = {
    "one_hundred_percent_utilization_with_commitment_discount_flexibility_with_1_resource": [3, 5],
    "one_hundred_percent_utilization_with_commitment_discount_flexibility_with_2_resources": [
        3,
        5,
        7,
    ],
    "one_hundred_percent_utilization_without_commitment_discount_flexibility": [3, 5],
    "zero_percent_utilization_without_commitment_discount_flexibility": [3, 5],
}
LACKING = {"BillingAccountId", "BillingCurrency", "InvoiceIssuerName"}


def test_the_thousand_line_sample_loads_to_the_last_digit():
    imp = give("focus", shared("data/spend/focus/focus_1.0_sample_1000.csv"))

    assert (imp.state, imp.rows, imp.totals) == ("loaded", 1000, {"USD": "20.52022672899"})
    assert [warning["code"] for warning in imp.warnings] == ["no_contracted_cost"]
    assert imp.slices.count() == 6


@pytest.mark.parametrize("name", BILLS)
def test_an_example_bill_loads_with_its_total(name):
    imp = give("focus", shared(f"{FOLDER}/{name}.csv"))
    rows, total = BILLS[name]

    assert (imp.state, imp.rows, imp.totals) == ("loaded", rows, {"USD": total})


def test_american_dates_are_read_where_the_billing_period_proves_them():
    give("focus", shared(f"{FOLDER}/virtual_currency_pricing_model_a2.csv"))

    (days,) = Charge.objects.values_list("charge_period_start", "charge_period_end").distinct()
    assert [f"{day:%Y-%m-%d}" for day in days] == ["2025-04-01", "2025-04-02"]


@pytest.mark.parametrize("name", EXCERPTS)
def test_an_excerpt_without_account_and_currency_is_refused(name):
    imp = give("focus", shared(f"{FOLDER}/{name}.csv"))

    assert imp.state == "refused"
    assert {(error["code"], error["column"]) for error in imp.errors} == {
        ("missing_column", column) for column in LACKING
    }


@pytest.mark.parametrize("name", TORN)
def test_a_torn_example_is_refused_with_its_torn_lines(name):
    before = books()
    imp = give("focus", shared(f"{FOLDER}/{name}.csv"))

    assert [e["line"] for e in imp.errors if e["code"] == "ragged_row"] == TORN[name]
    assert {e["column"] for e in imp.errors if e["code"] == "missing_column"} == LACKING
    assert books() == before


def test_generic_outcomes_without_a_date_are_refused_with_the_line():
    imp = give("outcomes_csv", shared("data/outcomes/generic/generic_outcomes_sample.csv"))

    assert [(e["code"], e["line"], e["column"]) for e in imp.errors] == [
        ("missing_value", 6, "occurred_at")
    ]
