"""Azure's cost exports: four dialects of one header, meters without a grammar, months that grow."""

import csv
import io
import json
from decimal import Decimal

import pytest

from finops.ledger.models import BillingScope, Charge, Slice
from tests.fakes.azure_export import export
from tests.loading import books, give
from tests.mapped import mapped
from tests.samples import shared

FOLDER = "data/spend"


@pytest.fixture
def charges(tmp_path):
    return lambda content, document="actual", **more: mapped(
        "azure", content, tmp_path, document=document, **more
    )


# --- four dialects -------------------------------------------------------------------------------

MCA = {
    "Date": "date", "SubscriptionId": "subscriptionId", "ResourceGroup": "resourceGroupName",
    "ResourceId": "InstanceName", "ConsumedService": "consumedService", "MeterId": "meterId",
    "MeterCategory": "meterCategory", "MeterSubCategory": "meterSubCategory",
    "MeterName": "meterName", "Quantity": "quantity", "UnitOfMeasure": "unitOfMeasure",
    "EffectivePrice": "effectivePrice", "CostInBillingCurrency": "costInBillingCurrency",
    "BillingCurrencyCode": "billingCurrency", "ChargeType": "chargeType",
    "BillingAccountId": "billingAccountId", "BillingPeriodStartDate": "billingPeriodStartDate",
    "Tags": "tags",
}  # fmt: skip
OLD = {
    "Date": "UsageDateTime", "SubscriptionId": "SubscriptionGuid", "ResourceId": "InstanceId",
    "MeterSubCategory": "MeterSubcategory", "Quantity": "UsageQuantity",
    "EffectivePrice": "ResourceRate", "CostInBillingCurrency": "PreTaxCost",
    "BillingCurrencyCode": "Currency", "ChargeType": "", "BillingAccountId": "",
    "BillingPeriodStartDate": "",
}  # fmt: skip
OLD_CAMEL = {
    "Date": "usageDateTime", "SubscriptionId": "subscriptionGuid", "ResourceGroup": "resourceGroup",
    "ResourceId": "resourceId", "ConsumedService": "consumedService", "MeterId": "meterId",
    "MeterCategory": "meterCategory", "MeterSubCategory": "meterSubcategory",
    "MeterName": "meterName", "Quantity": "quantity", "EffectivePrice": "resourceRate",
    "CostInBillingCurrency": "preTaxCost", "BillingCurrencyCode": "currency", "Tags": "tags",
    "ChargeType": "", "BillingAccountId": "", "BillingPeriodStartDate": "", "UnitOfMeasure": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "date", "mark"),
    [
        ({}, "2026-07-02", ""),
        (MCA, "07/02/2026", ""),
        (OLD, "2026-07-02 00:00:00", "\ufeff"),
        (OLD_CAMEL, "2026-07-02", "\ufeff"),
    ],
    ids=["version2", "camelCase", "2019", "2019-camelCase"],
)
def test_four_dialects_of_a_header_say_the_same(charges, dialect, date, mark):
    said = {"Date": date, "Tags": '"team": "Core"'}
    (row,) = charges(export(said, dialect=dialect, mark=mark), document="")
    assert (row["billed_cost"], row["billing_currency"], row["charge_category"]) == (
        "5.00",
        "USD",
        "Usage",
    )
    assert row["charge_period_start"][:10] == "2026-07-02"
    assert (row["billing_period_start"], row["billing_period_end"]) == ("2026-07-01", "2026-08-01")
    assert (row["model"], row["meter"], row["team"]) == ("gpt-4o", "input", "Core")
    assert (row["sub_account_id"], row["resource_name"]) == ("s-1", "a")
    assert row["project"] == "rg"


def test_one_header_may_mix_upper_and_lower_case(charges):
    (row,) = charges(export(name_of=lambda name: name.swapcase() if len(name) % 2 else name))
    assert (row["billed_cost"], row["model"]) == ("5.00", "gpt-4o")


def test_a_file_that_names_no_account_takes_the_setting_or_the_subscription(charges):
    old = export(dialect=OLD)
    assert charges(old)[0]["billing_account_id"] == "s-1"
    named = charges(old, config={"billing_account_id": "7001"})
    assert named[0]["billing_account_id"] == "7001"


def test_exports_of_one_subscription_each_are_accounts_of_their_own(charges):
    (row,) = charges(export(), config={"export_scope": "subscription"})
    assert row["billing_account_id"] == "7001/s-1"


# --- days and periods ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-03-04", "2026-03-04"),
        ("2026-03-04 00:00:00", "2026-03-04 00:00:00"),
        ("03/04/2026", "2026-03-04"),
        ("3/4/2026", "2026-03-04"),
        ("03/04/2026 00:00:00", "2026-03-04"),
        ("12/31/2026", "2026-12-31"),
    ],
)
def test_with_slashes_the_month_stands_first(charges, said, day):
    (row,) = charges(export({"Date": said, "BillingPeriodStartDate": ""}))
    assert row["charge_period_start"] == day


@pytest.mark.django_db
def test_a_file_whose_days_stand_first_is_refused_whole():
    before = books()
    imp = give("azure", export({"Date": "07/02/2026"}, {"Date": "31/07/2026"}))
    assert imp.state == "refused"
    assert {(error["line"], error["column"]) for error in imp.errors} == {(3, "Date")}
    assert imp.errors[0]["found"] == "31/07/2026"
    assert books() == before


@pytest.mark.parametrize(
    ("day", "period", "month"),
    [
        ("2026-07-31", "2026-07-01", "2026-07-01"),
        ("07/31/2026", "07/01/2026", "2026-07-01"),
        ("2026-06-30", "2026-07-01", "2026-07-01"),  # a late line of the month before
        ("2026-07-20", "2026-07-15", "2026-07-01"),  # no calendar month: exports are cut by those
        ("2026-07-20", "", "2026-07-01"),
        ("2026-12-20", "", "2026-12-01"),
    ],
)
def test_the_billing_period_is_the_stated_month_or_that_of_the_day(charges, day, period, month):
    (row,) = charges(export({"Date": day, "BillingPeriodStartDate": period}))
    assert row["billing_period_start"] == month
    end = {"2026-07-01": "2026-08-01", "2026-12-01": "2027-01-01"}[month]
    assert row["billing_period_end"] == end


# --- money ---------------------------------------------------------------------------------------


def test_costs_in_other_currencies_are_kept_and_never_added(charges):
    more = {
        "CostInBillingCurrency": "4.5",
        "BillingCurrencyCode": "EUR",
        "CostInPricingCurrency": "5.00",
        "costInUsd": "5.00",
        "pricingCurrency": "USD",
        "exchangeRatePricingToBilling": "0.9",
    }
    (row,) = charges(export(more))
    assert (row["billed_cost"], row["billing_currency"]) == ("4.5", "EUR")
    kept = json.loads(row["extras"])
    assert kept["CostInPricingCurrency"] == kept["costInUsd"] == "5.00"
    assert (kept["pricingCurrency"], kept["exchangeRatePricingToBilling"]) == ("USD", "0.9")
    # The price is one of the pricing currency: the tokens are proven there.
    assert Decimal(row["consumed_quantity"]) == 2_000_000


@pytest.mark.parametrize(
    ("said", "category", "kind"),
    [
        ("Usage", "Usage", None),
        ("usage", "Usage", None),
        ("Purchase", "Purchase", None),
        ("UnusedReservation", "Usage", None),
        ("UnusedSavingsPlan", "Usage", None),
        ("Refund", "Purchase", "Correction"),
        ("RoundingAdjustment", "Adjustment", None),
        ("Tax", "Tax", None),
        ("", "Usage", None),
        ("Barter", "Barter", None),
    ],
)
def test_the_kind_of_a_charge_follows_the_vendors_word(charges, said, category, kind):
    (row,) = charges(export({"ChargeType": said}))
    assert (row["charge_category"], row["charge_class"]) == (category, kind)


@pytest.mark.django_db
def test_a_kind_of_charge_nobody_knows_is_refused():
    imp = give("azure", export({"ChargeType": "Barter"}))
    assert [(e["code"], e["column"]) for e in imp.errors] == [("not_allowed", "ChargeType")]


def test_a_list_cost_of_nothing_is_not_known(charges):
    (row,) = charges(export({"PaygCostInBillingCurrency": "0"}))
    assert row["list_cost"] is None


# --- what is booked, and how often ---------------------------------------------------------------


def active():
    return sum(charge.billed_cost for charge in Charge.objects.filter(slice__superseded_at=None))


@pytest.mark.django_db
def test_a_later_run_of_the_same_month_replaces_the_earlier_one():
    for amount in ("1.00", "3.00", "7.50"):
        give("azure", export({"CostInBillingCurrency": amount}), f"run-{amount}.csv")
    assert active() == Decimal("7.5")
    assert Slice.objects.count() == 3


@pytest.mark.django_db
def test_months_in_any_order_stand_beside_one_another():
    june = {"Date": "2026-06-02", "BillingPeriodStartDate": "2026-06-01"}
    give("azure", export(), "july.csv")
    give("azure", export(june), "june.csv")
    assert active() == Decimal(10)


@pytest.mark.django_db
def test_actual_amortised_and_focus_are_bills_of_one_scope():
    give("azure", export(), "actual.csv", key="azure")
    amortised = give("azure", export(), "e_AmortizedCost.csv", key="azure-amortised")
    focus = (
        b"BilledCost,EffectiveCost,BillingCurrency,BillingAccountId,InvoiceIssuerName,"
        b"BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
        b"ServiceName,x_SkuMeterId,x_SkuMeterCategory\n"
        b"5.00,5.00,USD,/providers/Microsoft.Billing/billingAccounts/7001,Microsoft,"
        b"2026-07-01T00:00:00Z,2026-08-01T00:00:00Z,2026-07-02T00:00:00Z,2026-07-03T00:00:00Z,"
        b"Usage,Azure OpenAI,m-1,Azure OpenAI\n"
    )
    as_focus = give("azure", focus, "f.csv", key="azure-focus")
    elsewhere = give("focus", focus, "f.csv", key="any-focus")

    assert (amortised.document, as_focus.document) == ("amortised", "focus")
    scope = BillingScope.objects.get()
    assert (scope.invoice_issuer_name, scope.billing_account_id) == ("Microsoft", "7001")
    assert scope.feed.key == "azure"
    assert elsewhere.state == "loaded"
    booked = Charge.objects.filter(slice__billing_scope__feed=scope.feed, slice__source=scope.feed)
    assert [charge.billed_cost for charge in booked] == [Decimal(5)]


@pytest.mark.parametrize(
    ("meter", "kind"),
    [
        ("gpt-4o-0806-Inp-glbl Tokens", "inference"),
        ("babbage-002-FT-Trng-glbl tkn Tokens", "training"),
        ("gpt-4o-0806-FT-Hstng-glbl Unit", "infrastructure"),
        ("gpt-4o-0806-FT-inp-glbl Tokens", "inference"),
    ],
)
@pytest.mark.django_db
def test_tuning_and_hosting_are_no_inference(meter, kind):
    give("azure", export({"MeterName": meter}))
    assert Charge.objects.get().ai_class == kind


@pytest.mark.django_db
def test_within_one_source_too_the_first_kind_of_bill_is_the_money():
    give("azure", export(), "actual.csv")
    imp = give("azure", export({"CostInBillingCurrency": "4"}), "AmortizedCost.csv")
    assert imp.document == "amortised"
    scope = BillingScope.objects.get()
    assert (scope.feed.key, scope.feed_document) == ("azure", "actual")
    assert Slice.objects.filter(billing_scope=scope, superseded_at=None).count() == 2


@pytest.mark.django_db
def test_tags_that_are_no_json_refuse_the_file():
    imp = give("azure", export({"Tags": "team: core"}))
    assert [(error["code"], error["column"]) for error in imp.errors] == [("bad_json", "Tags")]


@pytest.mark.django_db
def test_the_file_is_what_was_booked_and_what_was_left_out():
    storage = {
        "MeterCategory": "Storage", "MeterName": "S4 Disks", "ConsumedService": "Microsoft.Compute",
        "CostInBillingCurrency": "3.25",
    }  # fmt: skip
    imp = give("azure", export({}, storage))
    assert (imp.totals, imp.out_of_scope) == ({"USD": "5"}, {"USD": "3.25"})
    whole = give("azure", export({}, storage), key="whole", scope="all")
    assert whole.totals == {"USD": "8.25"}


def test_an_amortised_export_is_told_by_its_lines(tmp_path):
    said = export({}, {"ChargeType": "UnusedSavingsPlan"})
    rows = mapped("azure", said, tmp_path)
    assert [row["charge_category"] for row in rows] == ["Usage", "Usage"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"MeterId,MeterName,MeterCategory,UnitPrice,Product\nm,n,c,1,p\n", "price sheet"),
        (b"InstanceId,ReservationId,UsedHours\ni,r,1\n", "reservations"),
        (b'{"blobCount": 1, "dataRowCount": 1, "blobs": []}', "manifest"),
    ],
)
def test_exports_that_are_no_bill_are_refused_in_words(content, words):
    imp = give("azure", content)
    assert imp.state == "refused"
    assert words in imp.errors[0]["message"]


# --- real files ----------------------------------------------------------------------------------


def independent_sum(content: bytes) -> dict[str, Decimal]:
    """Add up costs with the standard library alone."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    totals: dict[str, Decimal] = {}
    for row in rows:
        said = {name.lower(): value for name, value in row.items()}
        currency = (
            said.get("billingcurrencycode") or said.get("billingcurrency") or said["currency"]
        )
        cost = said.get("costinbillingcurrency") or said["pretaxcost"]
        totals[currency] = totals.get(currency, Decimal(0)) + Decimal(cost)
    return totals


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "azure-export/azure_camelCased.csv",
        "azure-export/costreport_a243c6f2-199f-4074-9a2c-40e671cf1584.csv",
        "nise-synthetic/nise_azure_costreport.csv",
    ],
)
def test_a_real_export_loads_once_to_the_last_digit(path):
    sample = shared(f"{FOLDER}/{path}")
    imp = give("azure", sample, scope="all")
    assert (imp.errors, imp.document) == ([], "actual")
    found = {currency: Decimal(total) for currency, total in imp.totals.items()}
    assert found == independent_sum(sample.read_bytes())
    again = give("azure", sample, scope="all")
    assert (again.state, again.duplicate_of) == ("duplicate", imp)


@pytest.mark.django_db
def test_a_real_export_in_a_currency_that_is_none_is_refused():
    sample = shared(f"{FOLDER}/azure-export/azure_version_2.csv")
    imp = give("azure", sample, scope="all")
    assert {(e["code"], e["column"], e["found"]) for e in imp.errors} == {
        ("unknown_currency", "BillingCurrencyCode", "MC")
    }
    mended = sample.read_bytes().replace(b",MC,", b",CHF,")
    imp = give("azure", mended, sample.name, scope="all")
    assert imp.totals == {"CHF": "19.998413754"}
    assert {"CHF": Decimal("19.998413754")} == independent_sum(mended)


@pytest.mark.django_db
def test_descriptions_of_focus_columns_are_no_bill():
    for sample in sorted(shared(f"{FOLDER}/azure-focus-metadata").glob("*.json")):
        imp = give("focus", sample)
        assert imp.state == "refused"
        assert "describes the columns" in imp.errors[0]["message"]
