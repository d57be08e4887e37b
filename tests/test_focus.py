"""FOCUS beyond its samples: later versions, other datasets, and columns that are no money."""

import csv
import io
import json
from decimal import Decimal

import pytest

from finops.ledger.models import Charge
from tests.loading import books, give
from tests.mapped import mapped
from tests.samples import shared

METADATA = "data/spend/azure-focus-metadata"
ROW = {
    "BilledCost": "3.00",
    "EffectiveCost": "2.50",
    "ListCost": "4.00",
    "ContractedCost": "3.50",
    "BillingCurrency": "USD",
    "BillingAccountId": "acct-1",
    "InvoiceIssuerName": "Example AI",
    "BillingPeriodStart": "2026-08-01T00:00:00Z",
    "BillingPeriodEnd": "2026-09-01T00:00:00Z",
    "ChargePeriodStart": "2026-08-01T00:00:00Z",
    "ChargePeriodEnd": "2026-08-02T00:00:00Z",
    "ChargeCategory": "Usage",
    "ProviderName": "Example AI",
    "PublisherName": "Example AI",
}


def file(*changes):
    """A file with one row per change to the plain one."""
    rows = [ROW | change for change in changes or ({},)]
    header = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    table = csv.DictWriter(out, header, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return out.getvalue().encode()


@pytest.fixture
def charges(tmp_path):
    return lambda content: mapped("focus", content, tmp_path)


# --- the four costs ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_four_costs_stay_apart():
    imp = give("focus", file({}, {"ChargeCategory": "Purchase", "EffectiveCost": "0"}))
    assert imp.totals == {"USD": "6"}
    usage, purchase = Charge.objects.order_by("line")
    costs = ("billed_cost", "effective_cost", "list_cost", "contracted_cost")
    assert [getattr(usage, name) for name in costs] == [
        Decimal(3), Decimal("2.5"), Decimal(4), Decimal("3.5"),
    ]  # fmt: skip
    assert (purchase.billed_cost, purchase.effective_cost) == (Decimal(3), Decimal(0))


@pytest.mark.parametrize("name", ["ListCost", "ContractedCost"])
def test_a_cost_that_is_not_said_is_taken_from_no_other(charges, name):
    (row,) = charges(file({name: "NULL"}))
    ours = {"ListCost": "list_cost", "ContractedCost": "contracted_cost"}[name]
    assert row[ours] is None


@pytest.mark.parametrize("name", ["BilledCost", "EffectiveCost", "BillingCurrency"])
@pytest.mark.django_db
def test_what_is_owed_must_be_said(name):
    imp = give("focus", file({name: "NULL"}))
    assert {(error["code"], error["column"]) for error in imp.errors} == {("missing_value", name)}


def test_costs_in_a_virtual_currency_are_kept_and_are_no_money(charges):
    said = {
        "PricingCurrency": "Token",
        "PricingCurrencyEffectiveCost": "500",
        "PricingCurrencyListUnitPrice": "1",
    }
    (row,) = charges(file(said))
    assert (row["billed_cost"], row["billing_currency"]) == ("3.00", "USD")
    kept = json.loads(row["extras"])
    assert (kept["PricingCurrency"], kept["PricingCurrencyEffectiveCost"]) == ("Token", "500")


@pytest.mark.django_db
def test_a_bill_in_tokens_is_refused_in_words():
    before = books()
    imp = give("focus", file({}, {"BillingCurrency": "Token"}))
    (error,) = imp.errors
    assert (error["code"], error["line"], error["found"]) == ("unknown_currency", 3, "Token")
    assert "is not a currency code" in error["message"]
    assert books() == before


# --- versions ------------------------------------------------------------------------------------


def test_names_of_1_3_go_before_the_ones_they_succeed(charges):
    said = {"ServiceProviderName": "Anthropic", "HostProviderName": "Amazon Web Services"}
    (row,) = charges(file(said))
    assert (row["provider_name"], row["publisher_name"]) == ("Anthropic", "Amazon Web Services")
    assert row["provider"] == "anthropic"


def test_a_file_of_1_4_may_have_only_the_new_names(charges):
    new = {
        "ServiceProviderName": "Anthropic", "HostProviderName": "Anthropic",
        "InvoiceDetailId": "d-1", "CommitmentProgramEligibilityDetails": "{}",
        "ContractApplied": '{"a": 1}', "AllocatedTags": '{"team": "core"}',
    }  # fmt: skip
    plain = {name: value for name, value in ROW.items() if "Provider" not in name}
    out = io.StringIO()
    table = csv.writer(out)
    table.writerows([[*plain, *new], [*plain.values(), *new.values()]])
    (row,) = charges(out.getvalue().encode())
    assert row["provider_name"] == "Anthropic"
    assert json.loads(row["extras"])["InvoiceDetailId"] == "d-1"
    assert row["team"] is None


def test_the_preview_called_what_was_consumed_used(charges):
    (row,) = charges(file({"UsageQuantity": "7", "UsageUnit": "Hours", "ChargeSubcategory": "x"}))
    assert (row["consumed_quantity"], row["consumed_unit"]) == ("7", "Hours")


@pytest.mark.django_db
def test_a_line_gets_its_invoice_later():
    give("focus", file())
    give("focus", file({"InvoiceId": "I-1"}))
    (charge,) = Charge.objects.filter(slice__superseded_at=None)
    assert charge.invoice_id == "I-1"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("BillingCurrency,ContractCommitmentId,ContractCommitmentCost,ContractId",
         "contract commitments"),
        ("InvoiceDetailId,InvoiceId,BilledCost,BillingCurrency", "invoice details"),
        ("BillingPeriodStart,BillingPeriodEnd,InvoiceIssuerName,BillingAccountId",
         "billing periods"),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_other_datasets_are_refused_by_name(header, words):
    line = ",".join("1" for _ in header.split(","))
    imp = give("focus", f"{header}\n{line}\n".encode())
    assert imp.state == "refused"
    assert words in imp.errors[0]["message"]
    assert "cost and usage" in imp.errors[0]["message"]


# --- every column that Azure describes -----------------------------------------------------------

VALUES = {
    "Decimal": "1.5", "DateTime": "2026-08-01T00:00:00Z", "DateTimeOffset": "2026-08-01T00:00:00Z",
    "Boolean": "true", "JSON": "{}",
}  # fmt: skip


def described(name: str) -> dict[str, str]:
    """The columns of a description: name -> type."""
    said = json.loads(shared(f"{METADATA}/{name}").read_text())
    if "Columns" in said:
        return {column["ColumnName"]: column["DataType"] for column in said["Columns"]}
    sources = [mapping["source"] for mapping in said["translator"]["mappings"]]
    return {source["name"]: source["type"] for source in sources}


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("FocusCost_1.0-preview(v1).json", 94),
        ("FocusCost_1.0.json", 96),
        ("FocusCost_1.2-preview.json", 106),
        ("focuscost_1.0r2.json", 96),
        ("focuscost_1.2.json", 104),
    ],
)
@pytest.mark.django_db
def test_a_line_with_every_column_of_an_azure_export_loads(name, count):
    columns = described(name)
    assert len(columns) == count
    line = {column: VALUES.get(kind, f"a {column}") for column, kind in columns.items()}
    line |= {column: value for column, value in ROW.items() if column in columns}
    # The description calls the unit a number, which it is not.
    line |= {column: "Tokens" for column in ("ConsumedUnit", "UsageUnit") if column in columns}
    line |= {"Tags": "{}", "ChargeClass": "", "x_SkuDetails": "{}", "SkuPriceDetails": "{}"}
    line["BillingAccountId"] = "/providers/Microsoft.Billing/billingAccounts/7001"
    out = io.StringIO()
    table = csv.DictWriter(out, columns, extrasaction="ignore")
    table.writeheader()
    table.writerow(line)

    imp = give("azure", out.getvalue().encode(), scope="all")

    assert (imp.errors, imp.document, imp.totals) == ([], "focus", {"USD": "3"})
    charge = Charge.objects.get()
    assert (charge.billing_account_id, charge.consumed_unit) == ("7001", "Tokens")
    assert charge.extras["x_SkuMeterCategory"] == "a x_SkuMeterCategory"
    assert charge.extras["x_PricingBlockSize"] == "1.5"


# --- every example of the specification ----------------------------------------------------------


def test_every_example_of_the_specification_is_looked_at():
    from tests.test_load_spec_examples import BILLS, EXCERPTS, TORN

    names = {sample.stem for sample in shared("data/spend/focus-spec-examples").glob("*.csv")}
    assert names <= {*BILLS, *EXCERPTS, *TORN}
