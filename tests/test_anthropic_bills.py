"""Anthropic's four bills of the same money, its analytics and the Console's exports: booked once."""

import json
from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from finops.attribution.verify.books import verify
from finops.ledger.models import Charge, Usage
from tests.booked import booked
from tests.fakes.anthropic import (
    analytics_cost,
    analytics_usage,
    cost,
    row,
)
from tests.loading import give
from tests.mapped import mapped
from tests.samples import shared

pytestmark = pytest.mark.django_db
SAMPLES = "data/spend/anthropic"
DAY = "2026-10-05"
KEY = "sk-ant-admin01-canary"
WINDOW = (date(2026, 10, 6), date(2026, 10, 7))
HEADER = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,"
    "list_price_usd,cost_type,inference_geo,speed,api_key_id,api_key_status\n"
)


def console(*lines: str) -> bytes:
    return (HEADER + "".join(f"{line}\n" for line in lines)).encode()


def data(*rows: dict[str, Any]) -> bytes:
    return json.dumps({"data": list(rows), "has_more": False, "next_page": None}).encode()


def report(*results: dict[str, Any]) -> bytes:
    bucket = row(DAY, {}, results=list(results))
    del bucket["group"]
    return data(bucket)


@pytest.fixture
def rows(tmp_path):
    return lambda content, **more: mapped("anthropic", content, tmp_path, **more)


# --- one bill ------------------------------------------------------------------------------------

LINE = (
    f"{DAY},Claude Opus 4.5,Default,k,message,≤ 200k,output,3.00,3.00,token,global,,apikey_1,active"
)
FOUR_BILLS = {  # 3 dollars and 10 cents, told in four ways
    "grouped.json": report(
        cost("200", cost_type="tokens", token_type="output_tokens"),
        cost("100", cost_type="tokens", token_type="uncached_input_tokens"),
        cost("10", cost_type="web_search"),
    ),
    "ungrouped.json": report(cost("310", cost_type=None, description=None)),
    "analytics.json": data(analytics_cost(DAY, "310.00")),
    "console.csv": console(LINE, LINE.replace("output,3.00,3.00,token", ",0.10,0.10,web_search")),
}


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize("order", list(permutations(FOUR_BILLS))[::5])
def test_four_bills_of_the_same_money_book_once_in_any_order_and_twice(order, separate):
    for name in (*order, *order):
        imp = give("anthropic", FOUR_BILLS[name], name, key=name.split(".")[0] if separate else "")
        assert imp.state in ("loaded", "duplicate", "held"), imp.errors
        assert booked() == Decimal("3.10")


def test_the_samples_book_once_in_one_source_and_in_several():
    names = (
        "cost_report.json",
        "cost_report_ungrouped.json",
        "analytics_cost.json",
        "console_cost_export.csv",
    )
    for name in (*names, *names):
        give("anthropic", shared(f"{SAMPLES}/{name}"))
    assert booked() == Decimal("414.0378912") + Decimal("412.855") + Decimal("0.47")
    for name in names:
        give("anthropic", shared(f"{SAMPLES}/{name}"), key=name.split(".")[0])
    assert booked() == Decimal("414.0378912") + Decimal("412.855") + Decimal("0.47")


FILES = {
    "cost_report.json": ("cost_report", 2, {"USD": "414.0378912"}),
    "cost_report_ungrouped.json": ("cost_report", 1, {"USD": "1.2345"}),
    "analytics_cost.json": ("analytics_cost", 2, {"USD": "412.855"}),
    "analytics_usage.json": ("analytics_usage", 1, {}),
    "console_cost_export.csv": ("console_costs", 4, {"USD": "0.47"}),
    "console_usage_export.csv": ("console_usage", 1, {}),
    "usage_report_messages.json": ("usage_report_messages", 3, {}),
    "usage_report_claude_code.json": ("usage_report_claude_code", 2, {}),
    "users.json": ("users", 2, {}),
    "workspaces.json": ("workspaces", 1, {}),
    "api_keys.json": ("api_keys", 1, {}),
}


def test_every_sample_loads_once_with_its_own_sum():
    for name, expected in FILES.items():
        imp = give("anthropic", shared(f"{SAMPLES}/{name}"), key=name.split(".")[0])
        assert (imp.document, imp.rows, imp.totals) == expected, (name, imp.errors)
        assert (
            give("anthropic", shared(f"{SAMPLES}/{name}"), key=name.split(".")[0]).state
            == "duplicate"
        )
    assert [str(v) for v in verify().violations if v.check.startswith("import")] == []


# --- analytics -----------------------------------------------------------------------------------


def test_rows_without_a_name_are_several_people_and_are_summed():
    imp = give("anthropic", data(*[analytics_cost(DAY, "5.5", model="m")] * 3), "a.json")
    assert (imp.totals, Charge.objects.count()) == ({"USD": "0.165"}, 3)
    give("anthropic", data(*[analytics_usage(DAY, 7, model="m")] * 3), "u.json")
    assert sum(usage.output_tokens for usage in Usage.objects.all()) == 21
    assert [v for v in verify().violations if v.check.startswith("import")] == []


def test_discounted_cents_are_billed_and_list_cents_are_listed(rows):
    (row_,) = rows(data(analytics_cost(DAY, "41280.000000", "51600.000000")))
    assert (Decimal(row_["billed_cost"]), Decimal(row_["list_cost"])) == (
        Decimal("412.8"),
        Decimal(516),
    )


@pytest.mark.parametrize(
    "make", [lambda **g: analytics_cost(DAY, "5", **g), lambda **g: analytics_usage(DAY, 5, **g)]
)
def test_overlapping_groups_of_roles_are_never_added(make):
    imp = give("anthropic", data(make(rbac_group_id="g1"), make(rbac_group_id="g2")), "a.json")
    assert (imp.state, "of an RBAC group" in imp.errors[0]["found"]) == ("refused", True)


@pytest.mark.parametrize(
    "make", [lambda: analytics_cost(DAY, "5"), lambda: analytics_usage(DAY, 5)]
)
def test_a_sum_over_several_days_is_refused_for_it_cannot_be_restated(make):
    imp = give("anthropic", data(make() | {"ending_at": "2026-10-31T00:00:00Z"}), "a.json")
    assert (imp.state, "ask for days" in imp.errors[0]["found"]) == ("refused", True)


@pytest.mark.parametrize(
    ("who", "actor", "key"),
    [
        (
            {"type": "user_actor", "user_id": "user_1", "email_address": "Dev@Acme.test"},
            "dev@acme.test",
            None,
        ),
        ({"type": "user_actor", "user_id": "user_1", "deleted": True}, "anthropic:user_1", None),
        (
            {"type": "service_account_actor", "service_account_id": "svac_1"},
            "anthropic:svac_1",
            None,
        ),
        ({"type": "federated_actor", "provider": "okta", "subject": "s-1"}, "anthropic:s-1", None),
        ({"type": "api_actor", "api_key_id": "apikey_1"}, None, "apikey_1"),
        (None, None, None),
    ],
)
def test_who_an_analytics_row_is_about(rows, who, actor, key):
    for content in (analytics_cost(DAY, "5", actor=who), analytics_usage(DAY, 5, actor=who)):
        (found,) = rows(data(content))
        assert (found["actor"], found["api_key"]) == (actor, key)


def test_no_workspace_is_the_default_one_only_where_workspaces_were_asked_for(rows):
    plain = data(analytics_cost(DAY, "5"))
    asked = b'[{"asked": {"group_by": ["workspace_id"]}},' + plain + b"]"
    assert [rows(content)[0]["sub_account_id"] for content in (plain, asked)] == [None, "default"]


def test_older_analytics_answers_and_spending_limits_are_refused_in_words():
    older = {
        "starting_at": "x",
        "results": [{"amount": "1", "list_amount": "1", "currency": "USD", "cost_type": None}],
    }
    limits = {"actor": {}, "amount": "1000", "period_to_date_spend": "0"}
    for content, words in ((older, "leaves small groups out"), (limits, "spending limits")):
        imp = give("anthropic", data(content), "x.json")
        assert (imp.state, words in imp.errors[0]["message"]) == ("refused", True)


# --- the Console ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "model"),
    [
        ("Claude Haiku 4.5", "claude-haiku-4-5-20251001"),
        ("Claude Sonnet 4", "claude-sonnet-4-20250514"),
        ("Claude Opus 4.6", "claude-opus-4-6"),
        ("Claude Opus 5", "claude-opus-5"),
        ("Claude Sonnet 3.7", "claude-3-7-sonnet-20250219"),
        ("Claude 3.5 Sonnet 2024-10-22", "claude-3-5-sonnet-20241022"),
        ("claude-opus-5", "claude-opus-5"),
    ],
)
def test_a_model_shown_to_people_has_the_id_of_the_apis(rows, shown, model):
    (found,) = rows(console(LINE.replace("Claude Opus 4.5", shown)))
    assert found["model"] == model


@pytest.mark.parametrize(
    ("word", "kind", "meter"),
    [
        ("input_no_cache", "token", "input"),
        ("input_cache_read", "token", "cached_input"),
        ("input_cache_write_5m", "token", "cache_write"),
        ("input_cache_write_1h", "token", "cache_write"),
        ("output", "token", "output"),
        ("", "web_search", "web_search"),
        ("", "code_execution", "code_execution"),
    ],
)
def test_the_consoles_words_for_tokens_are_ours(rows, word, kind, meter):
    (found,) = rows(console(LINE.replace("output,3.00,3.00,token", f"{word},3.00,3.00,{kind}")))
    assert found["meter"] == meter


def test_the_console_is_in_dollars_and_its_context_window_is_kept(rows):
    (found,) = rows(console(LINE))
    assert (found["billed_cost"], json.loads(found["extras"])["context_window"]) == (
        "3.00",
        "≤ 200k",
    )
    assert (found["api_key"], found["sub_account_id"]) == ("apikey_1", "default")


def test_an_older_console_export_with_fewer_columns_is_read(rows):
    header = b"usage_date_utc,model,workspace,api_key,usage_type,token_type,cost_usd\n"
    old = header + b"2024-12-07,Claude 3.5 Sonnet 2024-10-22,,ana,message,input_no_cache,0.02\n"
    (found,) = rows(old)
    assert (found["billed_cost"], found["api_key"], found["sub_account_id"]) == (
        "0.02",
        "ana",
        None,
    )


# --- usage ---------------------------------------------------------------------------------------


def test_searches_of_the_web_are_a_row_beside_the_tokens(rows):
    found = rows(shared(f"{SAMPLES}/usage_report_messages.json"), document="usage_report_messages")
    (search,) = [row_ for row_ in found if row_["meter"]]
    assert (search["line"], search["meter"], search["quantity"], search["output_tokens"]) == (
        1,
        "web_search",
        "10",
        None,
    )
    (tokens, _) = [row_ for row_ in found if not row_["meter"]]
    assert (tokens["line"], tokens["cache_write_tokens"], tokens["cache_write_1h_tokens"]) == (
        1,
        "1500",
        "1000",
    )
