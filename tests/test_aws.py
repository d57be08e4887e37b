"""AWS's bills: what their words mean, and every real file loaded to the last digit or refused."""

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing_ingest.engine import connect
from billing_ingest.recognise import recognise
from billing_ingest.registry import connector
from finops.ledger.models import BillingScope, Charge, Import, Slice
from tests.loading import give

CASES = Path(__file__).parent / "connectors" / "aws"
SPEND = "data/spend"
pytestmark = pytest.mark.django_db

LINE = {
    "bill_billing_period_start_date": "2026-07-01T00:00:00Z",
    "bill_billing_period_end_date": "2026-08-01T00:00:00Z", "bill_payer_account_id": "012345678901",
    "line_item_usage_account_id": "000000000042", "line_item_line_item_type": "Usage",
    "line_item_usage_start_date": "2026-07-01T00:00:00Z",
    "line_item_usage_end_date": "2026-07-01T01:00:00Z", "line_item_product_code": "AmazonBedrock",
    "line_item_usage_type": "USW2-Claude4.6Sonnet-input-tokens", "line_item_usage_amount": "17.33",
    "line_item_currency_code": "USD", "line_item_unblended_rate": "0.0033",
    "line_item_unblended_cost": "0.057189", "pricing_unit": "1K tokens",
}  # fmt: skip


def written(*changes: dict[str, str]) -> bytes:
    """A CUR 2.0 with one line per dict of changes."""
    columns = list(dict.fromkeys([*LINE, *(name for change in changes for name in change)]))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows([LINE | change for change in changes])
    return out.getvalue().encode()


def booked(*changes: dict[str, str], **more: Any) -> list[Charge]:
    imp = give("aws", written(*changes), "cur2.csv", **more)
    assert imp.state == Import.State.LOADED, imp.errors
    return list(Charge.objects.filter(slice__superseded_at=None).order_by("line"))


def charge(**change: str) -> Charge:
    (found,) = booked(change)
    return found


def codes() -> set[str]:
    """What the newest import warns of."""
    return {warning["code"] for warning in Import.objects.latest("id").warnings}


# --- money ---------------------------------------------------------------------------------------


LINE_TYPES = [
    ("Usage", {}, "Usage", "10"),
    ("DiscountedUsage", {"reservation_effective_cost": "4"}, "Usage", "4"),
    ("SavingsPlanCoveredUsage", {"savings_plan_savings_plan_effective_cost": "6"}, "Usage", "6"),
    ("SavingsPlanNegation", {}, "Adjustment", "0"),
    ("SavingsPlanUpfrontFee", {}, "Purchase", "0"),
    ("SavingsPlanRecurringFee", {"savings_plan_total_commitment_to_date": "10.5",
                                 "savings_plan_used_commitment": "7.25"}, "Purchase", "3.25"),
    ("RIFee", {"reservation_unused_amortized_upfront_fee_for_billing_period": "1.1",
               "reservation_unused_recurring_fee": "0.2"}, "Purchase", "1.3"),
    ("RIFee", {}, "Purchase", "10"),
    ("Fee", {"reservation_reservation_a_r_n": "arn:aws:ec2:::reserved"}, "Purchase", "0"),
    ("Fee", {}, "Purchase", "10"),
    ("Tax", {}, "Tax", "10"),
    ("Credit", {}, "Credit", "10"),
    ("Refund", {}, "Adjustment", "10"),
    ("BundledDiscount", {}, "Adjustment", "10"),
    ("EdpDiscount", {}, "Adjustment", "10"),
    ("PrivateRateDiscount", {}, "Adjustment", "10"),
]  # fmt: skip


def test_every_line_type_has_its_category_and_spreads_commitments():
    lines = [
        {"line_item_line_item_type": line_type, "line_item_unblended_cost": "10", **more}
        for line_type, more, _, _ in LINE_TYPES
    ]
    found = booked(*lines)
    assert {one.billed_cost for one in found} == {Decimal(10)}
    assert [
        (line["line_item_line_item_type"], one.charge_category, one.effective_cost)
        for line, one in zip(lines, found, strict=True)
    ] == [(name, category, Decimal(amount)) for name, _, category, amount in LINE_TYPES]
    assert "unknown_line_type" not in codes()


def test_a_line_type_that_nobody_knows_is_booked_and_said():
    found = charge(line_item_line_item_type="Rounding")
    assert found.charge_category == "Adjustment"
    assert "unknown_line_type" in codes()


def test_the_bill_is_the_sum_of_all_line_types_not_of_usage_alone():
    booked(
        {"line_item_unblended_cost": "10"},
        {"line_item_line_item_type": "EdpDiscount", "line_item_unblended_cost": "-0.5"},
        {"line_item_line_item_type": "Credit", "line_item_unblended_cost": "-2"},
        {"line_item_line_item_type": "Tax", "line_item_unblended_cost": "1.5"},
    )
    assert Import.objects.get().totals == {"USD": "9"}


def test_net_costs_beside_discount_lines_are_not_counted_twice():
    found = charge(line_item_unblended_cost="10", line_item_net_unblended_cost="9.5")
    assert (found.billed_cost, found.effective_cost) == (10, 10)
    assert found.extras["line_item_net_unblended_cost"] == "9.5"


def test_digits_and_exponents_of_amounts_stay():
    found = charge(line_item_unblended_cost="1.5E-7", line_item_usage_amount="4.5E-8")
    assert found.billed_cost == Decimal("0.00000015")
    assert found.billed_nanos == 150


def test_what_is_no_amount_is_refused_by_the_files_own_name():
    imp = give("aws", written({"line_item_unblended_cost": "1,5"}), "cur2.csv")
    assert imp.state == Import.State.REFUSED
    assert (imp.errors[0]["column"], imp.errors[0]["line"]) == ("line_item_unblended_cost", 2)


def test_a_commitment_that_is_no_amount_is_refused_and_never_taken_for_nothing():
    change = {
        "line_item_line_item_type": "SavingsPlanRecurringFee",
        "savings_plan_total_commitment_to_date": "ten", "savings_plan_used_commitment": "1",
    }  # fmt: skip
    assert give("aws", written(change), "cur2.csv").state == Import.State.REFUSED


def test_account_ids_are_text_with_their_zeros():
    found = charge()
    assert (found.billing_account_id, found.sub_account_id) == ("012345678901", "000000000042")


def test_a_currency_other_than_the_dollar_is_kept():
    booked({"line_item_currency_code": "NOK"}, {})
    assert Import.objects.get().totals == {"NOK": "0.057189", "USD": "0.057189"}


def test_usage_of_a_closed_month_in_this_bill_is_a_correction():
    june = {
        "line_item_usage_start_date": "2026-06-30T23:00:00Z",
        "line_item_usage_end_date": "2026-07-01T00:00:00Z",
    }  # fmt: skip
    old, new = booked(june, {})
    assert (old.charge_class, new.charge_class) == ("Correction", "")


def test_line_ids_are_no_key_and_the_whole_period_is_replaced():
    booked({"identity_line_item_id": "a"}, {"identity_line_item_id": "b"})
    (only,) = booked({"identity_line_item_id": "a", "line_item_unblended_cost": "1"},
                     allow_shrink=True)  # fmt: skip
    assert only.billed_cost == 1


def test_a_month_without_invoice_is_an_estimate_until_it_is_final():
    booked({})
    estimate = Import.objects.latest("id")
    (final,) = booked({"bill_invoice_id": "INV-7"})
    assert "not_final" in {w["code"] for w in estimate.warnings}
    assert final.invoice_id == "INV-7"
    assert "not_final" not in codes()


def test_a_report_beside_a_focus_export_books_once():
    report = give("aws", CASES / "cur" / "sample.csv", key="cur")
    export = give("aws", CASES / "focus" / "sample.csv", key="focus")

    scope = BillingScope.objects.get()
    assert scope.feed.key == "cur"
    assert {w["code"] for w in report.warnings} == {"not_final"}
    assert "evidence" in {w["code"] for w in export.warnings}
    assert Slice.objects.filter(billing_scope=scope).count() == 2


def test_the_issuer_is_the_one_of_the_settings():
    source = give("aws", written({}), "a.csv").source
    source.config = {"issuer": "Amazon Web Services EMEA SARL"}
    source.save()
    give("aws", written({"line_item_unblended_cost": "1"}), "a.csv")
    names = set(BillingScope.objects.values_list("invoice_issuer_name", flat=True))
    assert names == {"Amazon Web Services, Inc.", "Amazon Web Services EMEA SARL"}


# --- Bedrock -------------------------------------------------------------------------------------


USAGE_TYPES = [
    ("USW2-Claude4.6Sonnet-input-tokens", "claude-sonnet-4-6", "input", ""),
    ("USW2-Claude4.6Sonnet-output-tokens-batch", "claude-sonnet-4-6", "output", "batch"),
    ("Claude4.6Sonnet-cache-read-input-token-count", "claude-sonnet-4-6", "cached_input", ""),
    ("EUC1-Claude4.6Sonnet-cache-write-input-token-count", "claude-sonnet-4-6", "cache_write", ""),
    ("USE1-Claude4.5Haiku-output-tokens-cross-region-global", "claude-haiku-4-5", "output", ""),
    ("USE1-Claude3.5Sonnet-input-tokens-priority", "claude-3-5-sonnet", "input", "priority"),
    ("USE1-Claude3Haiku-input-tokens", "claude-3-haiku", "input", ""),
    ("USE1-Claude4Opus-output-tokens", "claude-opus-4", "output", ""),
    ("USE1-Nova2.0Lite-input-tokens-flex", "nova-2-lite", "input", "flex"),
    ("USE1-NovaPro-output-tokens", "nova-pro", "output", ""),
    ("USW2-anthropic.claude-opus-4-8-mantle-cache-write-tokens-standard", "claude-opus-4-8",
     "cache_write", "standard"),
    ("USE1-meta.llama4-maverick-mantle-input-tokens-standard", "llama4-maverick", "input", "standard"),
    ("USE1-MP:USE1_InputTokenCount_Batch-Units", "", "input", "batch"),
    ("USE1-MP:USE1_OutputTokenCount_Global-Units", "", "output", ""),
    ("USE1-MP:USE1_output_tokens_standard-Units", "", "output", "standard"),
    ("USE1-MP:USE1_CacheReadInputTokenCount-Units", "", "cached_input", ""),
    ("USE1-Guardrail-ContentPolicyUnitsConsumed", "", "guardrail_units", ""),
    ("USE1-Claude4Opus-ProvisionedThroughput-ModelUnits", "claude-opus-4", "provisioned_hours", ""),
    ("USE1-SomethingNew", "", "", ""),
]  # fmt: skip


def test_a_usage_type_says_model_meter_and_service_tier():
    found = booked(*({"line_item_usage_type": name} for name, _, _, _ in USAGE_TYPES))
    assert [(one.sku_meter, one.model, one.meter, one.service_tier) for one in found] == USAGE_TYPES


def test_a_usage_type_that_says_no_meter_is_named_in_a_warning():
    booked({"line_item_usage_type": "USE1-SomethingNew"}, {})
    said = [w["message"] for w in Import.objects.get().warnings if w["code"] == "unclassified"]
    assert len(said) == 1
    assert said[0].startswith("1 lines")


def test_models_are_found_under_every_product_code_and_in_the_marketplace():
    found = booked(
        {"line_item_product_code": "AmazonBedrock"},
        {"line_item_product_code": "AmazonBedrockService"},
        {"line_item_product_code": "9xyz", "product_servicecode": "AmazonBedrockFoundationModels"},
        {"line_item_product_code": "9xyz", "bill_billing_entity": "AWS Marketplace",
         "product": '{"product_name": "Claude Sonnet 4.5 (Amazon Bedrock Edition)"}'},
        {"line_item_product_code": "9xyz", "bill_billing_entity": "AWS Marketplace",
         "line_item_usage_type": "USE1-MP:USE1_InputTokenCount-Units"},
    )  # fmt: skip
    assert [(one.ai_class, one.meter) for one in found] == [("inference", "input")] * 5


def test_a_marketplace_line_takes_its_model_from_the_products_name():
    found = charge(
        line_item_product_code="9xyz",
        product='{"product_name": "Claude Sonnet 4.5 (Amazon Bedrock Edition)"}',
        line_item_usage_type="USE1-MP:USE1_InputTokenCount-Units",
        line_item_legal_entity="Anthropic, PBC",
    )
    assert (found.model, found.publisher_name) == ("claude-sonnet-4-5", "Anthropic, PBC")


UNITS = [
    ("1K tokens", "17.33", "0.0033", "17330"),
    ("1000 Tokens", "17.33", "0.0033", "17330"),
    ("1M tokens", "0.01733", "3.3", "17330"),
    ("Tokens", "17330", "0.0000033", "17330"),
    ("Units", "17.33", "0.0033", None),
    ("", "17.33", "0.0033", None),
    ("1K tokens", "17330", "0.0033", None),  # the amount is tokens already
    ("1K tokens", "17.33", "", None),
]


def test_tokens_are_the_amount_times_its_unit_if_the_price_agrees():
    found = booked(*(
        {"pricing_unit": unit, "line_item_usage_amount": amount, "line_item_unblended_rate": rate}
        for unit, amount, rate, _ in UNITS
    ))  # fmt: skip
    assert [one.pricing_quantity for one in found] == [Decimal(said[1]) for said in UNITS]
    assert [one.consumed_quantity for one in found] == [
        tokens and Decimal(tokens) for _, _, _, tokens in UNITS
    ]
    said = [w["message"] for w in Import.objects.get().warnings if w["code"] == "tokens_unknown"]
    assert said[0].startswith("4 lines")


CALLERS = [
    ("arn:aws:sts::1:assumed-role/AWSReservedSSO_Dev_0a/Ana@Example.com", "ana@example.com",
     "AWSReservedSSO_Dev_0a"),
    ("arn:aws:sts::1:assumed-role/DocProcessor/batch-7", "aws:batch-7", "DocProcessor"),
    ("arn:aws:iam::1:user/alice", "aws:alice", None),
    ("arn:aws:iam::1:user/division/eu/bob", "aws:bob", None),
    ("", "", None),
]  # fmt: skip


def test_the_caller_is_the_session_or_the_user():
    found = booked(*({"line_item_iam_principal": arn} for arn, _, _ in CALLERS))
    assert [(one.actor, (one.tags or {}).get("iam_role")) for one in found] == [
        (actor, role) for _, actor, role in CALLERS
    ]


def test_tags_of_a_resource_stand_before_those_of_the_caller():
    found = charge(
        tags='{"iamPrincipal/project": "people", "resourceTags/Project": "docs", '
        '"resourceTags/outlay:pr": "Acme/App#7"}'
    )
    assert (found.project, found.pr) == ("docs", "acme/app#7")
    assert found.tags == {"iamPrincipal/project": "people", "Project": "docs", "outlay:pr": "Acme/App#7"}  # fmt: skip


def test_an_inference_profile_is_the_project_when_no_tag_names_one():
    found = charge(
        line_item_resource_id="arn:aws:bedrock:us-west-2:1:application-inference-profile/abc"
    )
    assert found.project == "application-inference-profile/abc"
    assert found.resource_id.endswith("profile/abc")


def test_tags_that_are_no_json_are_refused():
    assert give("aws", written({"tags": "{team"}), "cur2.csv").errors[0]["code"] == "bad_json"


# --- scope ---------------------------------------------------------------------------------------


def test_what_is_not_for_ai_is_left_out_counted_and_totalled():
    imp = give("aws", CASES / "cur" / "sample.csv")
    assert imp.scope == "ai"
    assert (imp.totals, imp.out_of_scope) == ({"USD": "64.426689"}, {"USD": "130.23"})
    whole = give("aws", CASES / "cur" / "sample.csv", key="whole", scope="all")
    assert (whole.totals, whole.out_of_scope) == ({"USD": "194.656689"}, {})


def test_a_bill_without_any_ai_line_is_loaded_with_no_row():
    imp = give("aws", written({"line_item_product_code": "AmazonS3",
                               "line_item_usage_type": "TimedStorage-ByteHrs"}), "a.csv")  # fmt: skip
    assert (imp.state, imp.rows, imp.totals) == (Import.State.LOADED, 0, {})
    assert imp.out_of_scope == {"USD": "0.057189"}


def test_a_focus_file_goes_to_aws_only_with_its_own_columns(tmp_path):
    export = CASES / "focus" / "sample.csv"
    found = recognise(export, export.name)
    assert found
    assert (found.connector.slug, found.document.name) == ("aws", "focus")
    plain = tmp_path / "plain.csv"
    plain.write_text(export.read_text().replace("x_ServiceCode", "x_Other"))
    found = recognise(plain, plain.name)
    assert found
    assert found.connector.slug == "focus"


def test_the_macros_are_read_with_the_connector_alone(tmp_path):
    """Nothing of one vendor's words is there for another's mapping."""
    macros = (connector("aws").folder / "macros.sql").read_text()
    con = connect(tmp_path)
    con.execute(macros)
    assert con.execute("SELECT aws_model('Claude4.6Sonnet')").fetchall() == [("claude-sonnet-4-6",)]
