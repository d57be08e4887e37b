"""Azure's cost exports: four dialects of one header, meters without a grammar, months that grow."""

import csv
import io
import json
from decimal import Decimal

import pytest

from finops.ledger.models import BillingScope, Charge, Slice
from tests.loading import books, give
from tests.mapped import mapped
from tests.samples import shared

FOLDER = "data/spend"
EA = {
    "Date": "2026-07-02",
    "SubscriptionId": "s-1",
    "ResourceGroup": "RG",
    "ResourceId": "/subscriptions/s-1/resourceGroups/rg/providers/x/accounts/a",
    "ConsumedService": "microsoft.cognitiveservices",
    "MeterId": "m-1",
    "MeterCategory": "Azure OpenAI",
    "MeterSubCategory": "Azure OpenAI",
    "MeterName": "gpt-4o-0806-Inp-glbl Tokens",
    "Quantity": "2000",
    "UnitOfMeasure": "1K",
    "EffectivePrice": "0.0025",
    "CostInBillingCurrency": "5.00",
    "BillingCurrencyCode": "USD",
    "ChargeType": "Usage",
    "BillingAccountId": "7001",
    "BillingPeriodStartDate": "2026-07-01",
    "Tags": "",
}


def export(*changes, dialect=None, mark="", name_of=lambda name: name):
    """A file with one line per change to the plain one, under the names of a dialect."""
    rows = [EA | change for change in changes or ({},)]
    out = io.StringIO()
    dialect = dialect or {}
    header = {name: dialect.get(name, name) for row in rows for name in row}
    header = {name: name_of(shown) for name, shown in header.items() if shown}
    table = csv.writer(out, lineterminator="\n")
    table.writerow(header.values())
    table.writerows([row.get(name, "") for name in header] for row in rows)
    return (mark + out.getvalue()).encode()


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


# --- meters --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "price", "meter", "tokens"),
    [
        ("1K", "0.0025", "gpt-4o-0806-Inp-glbl Tokens", "2000000"),
        ("1M", "0.0025", "GPT 5 Nano Inpt Glbl 1M Tokens", "2000000000"),
        ("1", "0.0025", "gpt-4o-0806-Inp-glbl Tokens", "2000"),
        ("1K", "0.0025", "GPT 5 Nano Inpt Glbl 1M Tokens", None),  # name and unit disagree
        ("", "0.0025", "gpt-4o-0806-Inp-glbl Tokens", None),
        ("1K", "0.003", "gpt-4o-0806-Inp-glbl Tokens", None),  # 2000 x 0.003 is not 5.00
        ("1K", "", "gpt-4o-0806-Inp-glbl Tokens", None),
        ("1/Hour", "0.0025", "Provisioned Managed Global Unit", None),
    ],
)
def test_tokens_are_said_only_where_unit_and_price_prove_them(charges, unit, price, meter, tokens):
    (row,) = charges(export({"UnitOfMeasure": unit, "EffectivePrice": price, "MeterName": meter}))
    found = row["consumed_quantity"]
    assert (found and Decimal(found)) == (tokens and Decimal(tokens))
    assert row["consumed_unit"] == (tokens and "Tokens")
    assert (row["pricing_quantity"], row["pricing_unit"]) == ("2000", unit or None)


@pytest.mark.parametrize(
    ("product", "meter_name", "model", "meter", "tier"),
    [
        ("Azure OpenAI", "gpt-4o-0806-Inp-glbl Tokens", "gpt-4o", "input", ""),
        ("Azure OpenAI", "gpt-4o-mini-0718-Outp-regnl Tokens", "gpt-4o-mini", "output", ""),
        ("Azure OpenAI", "o4-mini 0416 Inp Data Zone Tokens", "o4-mini", "input", ""),
        ("Azure OpenAI", "gpt 4o 1120 cached Inp regnl Tokens", "gpt-4o", "cached_input", ""),
        ("Azure OpenAI", "gpt 4o mini0718 BatchOutp DataZone Tokens", "gpt-4o-mini", "output", "batch"),
        ("Azure OpenAI", "gpt-35-turbo16K-0125 Inp-glbl Tokens", "gpt-35-turbo-16k", "input", ""),
        ("Azure OpenAI", "gpt4omini-rt-txt1217 Inp glbl Tokens", "gpt-4o-mini-realtime", "input", ""),
        ("Azure OpenAI", "gpt-4o-aud-1217-txt Outp glbl Tokens", "gpt-4o-audio", "output", ""),
        ("Azure OpenAI", "text-embedding-3-small-glbl Tokens", "text-embedding-3-small", "input", ""),
        ("Azure OpenAI", "gpt-4o-0806-FT-Hstng-glbl Unit", "gpt-4o-ft", "hosting", ""),
        ("Azure OpenAI", "babbage-002-FT-Trng-glbl tkn Tokens", "babbage-002-ft", "training", ""),
        ("Azure OpenAI", "Image-DALL-E-2-glbl Images", "dall-e-2", "images", ""),
        ("Azure OpenAI", "file-search-tool-calls-glbl Calls", "", "file_search", ""),
        ("Azure OpenAI", "Provisioned Managed Global Unit", "", "provisioned", "provisioned"),
        ("Azure OpenAI GPT5", "GPT 5 Nano Inpt Glbl 1M Tokens", "gpt-5-nano", "input", ""),
        ("Azure OpenAI GPT5", "5.4 nano Inp Gl 1M Tokens", "gpt-5.4-nano", "input", ""),
        ("Azure OpenAI GPT5", "5.4 pp opt Gl 1M Tokens", "gpt-5.4", "output", "priority"),
        ("Azure OpenAI GPT5", "GPT 5 Mini cchd Inpt Glbl 1M Tokens", "gpt-5-mini", "cached_input", ""),
        ("Azure OpenAI GPT5", "6-astra LongCo Cd Wr Std Gl", "gpt-6-astra", "cache_write", ""),
        ("Azure OpenAI GPT5", "gpt-5-codex-ccchd-inp-glbl Tokens", "gpt-5-codex", "cached_input", ""),
        ("Azure OpenAI Reasoning", "o3-deep research 0626-inp-cchd-glbl 1M Tokens", "o3-deep-research",
         "cached_input", ""),
        ("Azure Deepseek Models", "V3.1 Outp glbl Tokens", "deepseek-v3.1", "output", ""),
        ("Azure Deepseek Models", "V4 Flash cached glbl Tokens", "deepseek-v4-flash", "cached_input", ""),
        ("Azure Grok Models", "4.7 Inp glbl Tokens", "grok-4.7", "input", ""),
        ("Azure Llama Models", "Llama 3.3 70B Inp glbl Tokens", "llama-3.3-70b", "input", ""),
    ],
)  # fmt: skip
def test_a_meter_name_says_model_and_kind_of_token(
    charges, product, meter_name, model, meter, tier
):
    said = {"MeterCategory": "Foundry Models", "MeterSubCategory": product, "MeterName": meter_name}
    (row,) = charges(export(said))
    assert (row["model"], row["meter"], row["service_tier"]) == (model, meter, tier)
    assert row["sku_meter"] == meter_name


@pytest.mark.parametrize(
    ("category", "product", "meter_name"),
    [
        ("Storage", "Standard HDD", "S4 Disks"),
        ("Cognitive Services", "Translator Text", "S1 Characters"),
        ("Virtual Machines", "ND A100 v4", "ND96asr A100 v4"),
        ("", "", ""),
    ],
)
def test_what_is_no_model_has_no_model(charges, category, product, meter_name):
    said = {"MeterCategory": category, "MeterSubCategory": product, "MeterName": meter_name}
    (row,) = charges(export(said))
    assert (row["model"], row["meter"], row["consumed_quantity"]) == ("", "", None)


# --- tags ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        '"team": "Core","env": "a}b"',
        '{"team": "Core", "env": "a}b"}',
        ' {"team":"Core","env":"a}b"}',
    ],
)
def test_tags_come_with_and_without_their_braces(charges, said):
    (row,) = charges(export({"Tags": said}))
    assert json.loads(row["tags"]) == {"team": "Core", "env": "a}b"}
    assert row["team"] == "Core"


@pytest.mark.parametrize("said", ["", '""', "{}", " "])
def test_tags_that_say_nothing_are_none(charges, said):
    assert charges(export({"Tags": said}))[0]["tags"] is None


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
