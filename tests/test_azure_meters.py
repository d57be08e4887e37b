"""What Azure's meters and tags say: which model, how many tokens, and for whom."""

import json
from decimal import Decimal

import pytest

from tests.fakes.azure_export import export
from tests.mapped import mapped


@pytest.fixture
def charges(tmp_path):
    return lambda content, document="actual", **more: mapped(
        "azure", content, tmp_path, document=document, **more
    )


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


@pytest.mark.parametrize("column", ["x_SkuMeterName", "SkuMeter"])
def test_a_focus_export_has_the_meter_in_one_of_two_columns(tmp_path, column):
    said = (
        "BilledCost,EffectiveCost,BillingCurrency,BillingAccountId,InvoiceIssuerName,"
        "BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
        f"x_SkuMeterId,x_SkuMeterCategory,x_SkuMeterSubcategory,{column}\n"
        "5,5,USD,7001,Microsoft,2026-07-01T00:00:00Z,2026-08-01T00:00:00Z,2026-07-02T00:00:00Z,"
        "2026-07-03T00:00:00Z,Usage,m,Foundry Models,Azure OpenAI GPT5,5.4 nano opt Gl 1M Tokens\n"
    )
    (row,) = mapped("azure", said.encode(), tmp_path)
    assert (row["model"], row["meter"]) == ("gpt-5.4-nano", "output")
