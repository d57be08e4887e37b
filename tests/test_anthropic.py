"""Anthropic's reports: cents become dollars exactly, and a null means what was asked for."""

import json
from typing import Any

import pytest

from tests.mapped import mapped
from tests.samples import shared

SAMPLES = "data/spend/anthropic"


def cost(amount: Any = "123.78912", **changes: Any) -> dict[str, Any]:
    plain = {
        "currency": "USD",
        "amount": amount,
        "workspace_id": "wrkspc_1",
        "description": "Claude Sonnet 4 Usage - Input Tokens",
        "cost_type": "tokens",
        "context_window": "0-200k",
        "model": "claude-sonnet-4-20250514",
        "service_tier": "standard",
        "token_type": "uncached_input_tokens",
        "inference_geo": "not_available",
    }
    return plain | changes


def use(**changes: Any) -> dict[str, Any]:
    plain = {
        "uncached_input_tokens": 1500,
        "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500},
        "cache_read_input_tokens": 200,
        "output_tokens": 500,
        "server_tool_use": {"web_search_requests": 0},
        "account_id": None,
        "service_account_id": None,
        "api_key_id": "apikey_1",
        "workspace_id": "wrkspc_1",
        "model": "claude-opus-5",
        "service_tier": "standard",
    }
    return plain | changes


def page(*results: dict[str, Any], day: str = "2026-08-01", to: str = "2026-08-02T00:00:00Z"):
    bucket = {"starting_at": f"{day}T00:00:00Z", "ending_at": to, "results": list(results)}
    return {"data": [bucket], "has_more": False, "next_page": None}


@pytest.fixture
def charges(tmp_path):
    return lambda content, **more: mapped(
        "anthropic", content, tmp_path, document="cost_report", **more
    )


@pytest.fixture
def usage(tmp_path):
    return lambda content, kind="messages": mapped(
        "anthropic", content, tmp_path, document=f"usage_report_{kind}"
    )


# --- costs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cents", "dollars"),
    [
        ("123.78912", "1.2378912"),
        ("123.45", "1.2345"),
        ("41280.000000", "412.8"),
        ("0.0000000000000000000001", "0.000000000000000000000001"),
        ("-5", "-0.05"),
        ("0", "0"),
        ("12345678901234.1234567890123456789012", "123456789012.341234567890123456789012"),
    ],
)
def test_cents_become_dollars_exactly(charges, cents, dollars):
    (row,) = charges(page(cost(cents)))
    assert row["billed_cost"].rstrip("0").rstrip(".") == dollars
    assert row["effective_cost"] == row["billed_cost"]
    assert json.loads(row["extras"])["amount_in_cents"] == cents


@pytest.mark.parametrize(
    "amount",
    ["1e2", "NaN", "1_000", "1,234.50", "", None, " 12", "0.00000000000000000000001", "12 cents"],
)
def test_what_is_not_plain_cents_stays_unreadable(charges, amount):
    """It must reach the check of amounts as something that check refuses."""
    (row,) = charges(page(cost(amount)))
    assert row["billed_cost"].endswith("hundredths of USD")


def test_another_currency_is_not_divided_on_trust(charges):
    (row,) = charges(page(cost("100", currency="JPY")))
    assert row["billed_cost"] == "100 hundredths of JPY"


def test_a_charge_says_what_it_is_for(charges):
    (row,) = charges(page(cost()))
    assert {name: row[name] for name in ("provider", "model", "meter", "sku_meter")} == {
        "provider": "anthropic",
        "model": "claude-sonnet-4-20250514",
        "meter": "input",
        "sku_meter": "uncached_input_tokens",
    }
    assert (row["billing_period_start"], row["billing_period_end"]) == (
        "2026-08-01T00:00:00Z",
        "2026-09-01T00:00:00Z",
    )
    assert row["region_id"] is None


@pytest.mark.parametrize(
    ("token_type", "cost_type", "meter"),
    [
        ("cache_read_input_tokens", "tokens", "cached_input"),
        ("cache_creation.ephemeral_5m_input_tokens", "tokens", "cache_write"),
        ("cache_creation.ephemeral_1h_input_tokens", "tokens", "cache_write"),
        ("output_tokens", "tokens", "output"),
        (None, "web_search", "web_search"),
        (None, "code_execution", "code_execution"),
        (None, None, None),
    ],
)
def test_the_meter_follows_the_vendors_words(charges, token_type, cost_type, meter):
    (row,) = charges(page(cost(token_type=token_type, cost_type=cost_type)))
    assert row["meter"] == meter


def test_the_billing_account_is_the_organisation_or_the_only_one(charges):
    assert charges(page(cost()))[0]["billing_account_id"] == "anthropic"
    named = charges(page(cost()), config={"organization_id": "org_1"})
    assert named[0]["billing_account_id"] == "org_1"


def test_no_workspace_is_the_default_one_only_in_a_report_by_workspace(charges):
    nobody = cost(workspace_id=None)
    assert charges(page(nobody))[0]["sub_account_id"] is None
    assert [row["sub_account_id"] for row in charges(page(cost(), nobody))] == [
        "wrkspc_1",
        "default",
    ]
    asked = {"asked": {"group_by": ["workspace_id", "description"]}}
    assert charges([asked, page(nobody)])[0]["sub_account_id"] == "default"


def test_pages_keep_their_order_and_lines_count_results(charges):
    pages = [page(cost("1"), cost("2")), page(), page(cost("3"), day="2026-08-02")]
    rows = charges(pages)
    assert [(row["line"], row["billed_cost"][:4]) for row in rows] == [
        (1, "0.01"),
        (2, "0.02"),
        (3, "0.03"),
    ]


# --- usage ---------------------------------------------------------------------------------------


def test_kinds_of_input_are_kept_apart_and_cache_writes_are_one(usage):
    (row,) = usage(page(use()))
    assert [
        row[f"{name}_tokens"] for name in ("input", "cached_input", "cache_write", "output")
    ] == ["1500", "200", "1500", "500"]
    assert (row["grain"], row["api_key"], row["sub_account_id"]) == ("day", "apikey_1", "wrkspc_1")


def test_shorter_buckets_are_hours(usage):
    (row,) = usage(page(use(), to="2026-08-01T01:00:00Z"))
    assert row["grain"] == "hour"


@pytest.mark.parametrize(
    ("account", "service", "actor"),
    [
        ("user_1", None, "anthropic:user_1"),
        (None, "svac_1", "anthropic:svac_1"),
        (None, None, None),
    ],
)
def test_who_used_it(usage, account, service, actor):
    (row,) = usage(page(use(account_id=account, service_account_id=service)))
    assert row["actor"] == actor


def test_a_negative_part_of_the_cache_writes_is_not_summed_away(usage):
    parts = {"ephemeral_1h_input_tokens": -5, "ephemeral_5m_input_tokens": 9}
    (row,) = usage(page(use(cache_creation=parts)))
    assert row["cache_write_tokens"] == "9 and -5"


def activity(**changes: Any) -> dict[str, Any]:
    plain = {
        "date": "2026-09-08T00:00:00Z",
        "actor": {"type": "user_actor", "email_address": " Dev@Example.com "},
        "customer_type": "api",
        "terminal_type": "vscode",
        "model_breakdown": [
            {
                "model": "claude-opus-5",
                "tokens": {"input": 10, "output": 4, "cache_read": 3, "cache_creation": 2},
                "estimated_cost": {"currency": "USD", "amount": 141},
            }
        ],
    }
    return {"data": [plain | changes]}


def test_claude_code_is_used_by_a_person(usage):
    (row,) = usage(activity(), "claude_code")
    assert (row["actor"], row["occurred_at"]) == ("dev@example.com", "2026-09-08T00:00:00Z")
    assert row["list_cost"].startswith("1.41")
    assert row["billing_scope"] is None


def test_a_day_may_be_written_without_a_time(usage):
    (row,) = usage(activity(date="2026-09-08"), "claude_code")
    assert row["occurred_at"] == "2026-09-08T00:00:00Z"


def test_a_key_in_claude_code_has_a_name(usage):
    actor = {"type": "api_actor", "api_key_name": "build"}
    (row,) = usage(activity(actor=actor), "claude_code")
    assert (row["actor"], row["api_key"]) == (None, "build")


def test_a_subscriptions_use_explains_no_charge_of_the_api(usage):
    (row,) = usage(activity(customer_type="subscription"), "claude_code")
    assert row["billing_scope"] == "my-source/subscription"
    assert json.loads(row["tags"])["paid_by"] == "seat"


# --- real samples --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "column", "values"),
    [
        ("cost_report", "billed_cost", ["1.2378912", "412.8"]),
        ("cost_report_ungrouped", "billed_cost", ["1.2345"]),
        ("usage_report_messages", "output_tokens", ["500", "3"]),
        ("usage_report_claude_code", "list_cost", ["1.41", "0.33"]),
        ("users", "identities", ["anthropic:user_01WCz1FkmYMm4gnmykNKUu3Q"]),
    ],
)
def test_a_real_sample_recognises_itself(tmp_path, name, column, values):
    rows = mapped("anthropic", shared(f"{SAMPLES}/{name}.json"), tmp_path)
    found = [row[column] for row in rows if row[column] is not None]
    assert [text.rstrip("0") if "." in text else text for text in found] == values
