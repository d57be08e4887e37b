"""OpenAI: dollars with all their digits, input without what came from the cache, one bill of two."""

import json
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from finops.attribution.verify.books import verify
from finops.ledger.models import Charge, Slice, Usage
from tests.booked import booked
from tests.fakes.openai import cost, unix
from tests.loading import give
from tests.mapped import mapped
from tests.samples import shared

pytestmark = pytest.mark.django_db
SAMPLES = "data/spend/openai"
DAY = "2026-10-05"
HEADER = (
    "start_time,end_time,amount_value,amount_currency,line_item,project_id,user_id,user_email\n"
)


def page(*results: dict[str, Any], day: str = DAY) -> dict[str, Any]:
    bucket = {"object": "bucket", "start_time": unix(day), "end_time": unix(day) + 86400}
    return {"object": "page", "data": [bucket | {"results": list(results)}], "has_more": False}


def dashboard(*lines: str, day: str = DAY) -> bytes:
    rows = "".join(f"{unix(day)},{unix(day) + 86400},{line}\n" for line in lines)
    return (HEADER + rows).encode()


@pytest.fixture
def charges(tmp_path):
    return lambda content, **more: mapped("openai", content, tmp_path, **more)


# --- amounts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "billed"),
    [
        (0.06, "0.06"),
        ("2.25", "2.25"),
        (3.45e-08, "3.45e-08"),
        ("0.003835980000000000000000000000", "0.003835980000000000000000000000"),
        ("0E-6176", "0"),
        (0.0, "0"),
    ],
)
def test_amounts_are_dollars_and_never_cents(charges, value, billed):
    (row,) = charges(page(cost(value, "gpt-5, input_tokens")))
    assert (row["billed_cost"], row["effective_cost"], row["billing_currency"]) == (
        billed,
        billed,
        "USD",
    )


@pytest.mark.parametrize("value", ["0.003835980000000000000000000000", "0E-6176", "-1.5", 1e-07])
def test_every_way_to_write_an_amount_is_booked_to_the_last_digit(value):
    imp = give("openai", json.dumps(page(cost(value, "x"))).encode(), "costs.json")
    assert imp.state == "loaded"
    assert Charge.objects.get().billed_cost == Decimal(str(value)).quantize(Decimal(1).scaleb(-24))


def test_a_negative_amount_is_a_credit(charges):
    (row,) = charges(page(cost(-1.5, "gpt-5, input_tokens")))
    assert row["charge_category"] == "Credit"


@pytest.mark.parametrize(
    "amount",
    [
        {"currency": "usd"},
        {"value": 1},
        {"value": "NaN", "currency": "usd"},
        {"value": "1e-30", "currency": "usd"},
    ],
)
def test_an_amount_that_does_not_say_how_much_of_what_is_refused(amount):
    body = page({"object": "organization.costs.result", "amount": amount, "line_item": None})
    imp = give("openai", json.dumps(body).encode(), "costs.json")
    assert (imp.state, Charge.objects.count()) == ("refused", 0)
    assert imp.errors[0]["column"].startswith("amount.")


@pytest.mark.parametrize(
    ("item", "model", "meter", "tier"),
    [
        ("gpt-5-nano, input_tokens", "gpt-5-nano", "input", None),
        ("gpt-4o-2024-08-06, cached input", "gpt-4o-2024-08-06", "cached_input", None),
        ("gpt-5, cached_input_tokens", "gpt-5", "cached_input", None),
        ("gpt-5.6-sol, cache writes", "gpt-5.6-sol", "cache_write", None),
        ("priority | gpt-5.6-sol, output, long context", "gpt-5.6-sol", "output", "priority"),
        ("gpt-image-2.5-flare image, output", "gpt-image-2.5-flare", "output", None),
        ("gpt-audio-mini-2025-12-15 audio, input", "gpt-audio-mini-2025-12-15", "input", None),
        ("ft:gpt-4o-2024-08-06:acme::x1, input", "ft:gpt-4o-2024-08-06:acme::x1", "input", None),
        ("evals | gpt-4o-2024-08-06, output", "gpt-4o-2024-08-06", "output", None),
        ("gpt-4o-2024-08-06, batch, input", "gpt-4o-2024-08-06", "input", "batch"),
        ("o3, output", "o3", "output", None),
        ("whisper-1, audio", "whisper-1", "audio_seconds", None),
        ("web search tool calls", None, "web_search", None),
        ("assistants api | file search", None, "file_search", None),
        ("Assistants API, Code interpreter", None, "code_interpreter", None),
        ("Vector storage", None, "vector_store_bytes", None),
        ("something new", None, None, None),
        (None, None, None, None),
    ],
)
def test_a_line_item_tells_model_meter_and_tier(charges, item, model, meter, tier):
    (row,) = charges(page(cost(1, item)))
    assert (row["model"], row["meter"], row["service_tier"]) == (model, meter, tier)


@pytest.mark.parametrize(
    ("unit", "meter"),
    [("images", "images"), ("characters", "characters"), ("duration_seconds", "audio_seconds"),
     ("gibibyte_hours", "vector_store_bytes"), ("tokens", None)],
)  # fmt: skip
def test_a_unit_tells_the_meter_where_words_do_not(charges, unit, meter):
    (row,) = charges(page(cost(1, "dall-e-3, standard", quantity=3, quantity_unit=unit)))
    assert (row["meter"], row["consumed_unit"], row["consumed_quantity"]) == (meter, unit, "3")


def test_a_missing_project_is_the_organisations_and_no_default_one(charges):
    asked = {"asked": {"group_by": ["project_id", "line_item"]}}
    rows = charges([asked, page(cost(1, "x", project_id=None), cost(1, "x", project_id="proj_a"))])
    assert [row["sub_account_id"] for row in rows] == [None, "proj_a"]


# --- usage ---------------------------------------------------------------------------------------


def tokens(**more: Any) -> dict[str, Any]:
    plain = {
        "object": "organization.usage.completions.result",
        "input_tokens": 1000,
        "input_cached_tokens": 400,
    }
    return plain | more


def test_input_is_without_what_came_from_or_went_to_the_cache(charges):
    (row,) = charges(page(tokens(input_cache_write_tokens=100, output_tokens=7)))
    classes = [row[f"{name}_tokens"] for name in ("input", "cached_input", "cache_write", "output")]
    assert classes == ["500", "400", "100", "7"]
    assert sum(map(int, classes[:3])) == 1000


def test_old_answers_without_cache_fields_are_all_input(charges):
    (row,) = charges(page({"object": "organization.usage.embeddings.result", "input_tokens": 16}))
    assert row["input_tokens"] == "16"


@pytest.mark.parametrize(
    "more",
    [
        {"input_uncached_tokens": 600, "input_cache_write_tokens": 100},
        {"input_cached_tokens": 1001},
    ],
)
def test_parts_that_do_not_add_up_to_the_input_are_refused(more):
    imp = give("openai", json.dumps(page(tokens(**more))).encode(), "usage.json")
    assert (imp.state, Usage.objects.count()) == ("refused", 0)


def test_the_sample_of_completions_adds_up(charges):
    sample = shared(f"{SAMPLES}/organization_usage_completions.json")
    said = json.loads(sample.read_text())["data"][0]["results"][0]
    parts = ("input_uncached_tokens", "input_cached_tokens", "input_cache_write_tokens")
    assert sum(said[part] for part in parts) == said["input_tokens"]
    (row,) = charges(sample)
    assert int(row["input_tokens"]) == said["input_uncached_tokens"]


@pytest.mark.parametrize(
    ("more", "tier"),
    [({"batch": True, "service_tier": "default"}, "batch"), ({"batch": False, "service_tier": "flex"}, "flex"),
     ({"batch": None, "service_tier": "default"}, "standard"), ({}, None)],
)  # fmt: skip
def test_batch_is_a_service_tier(charges, more, tier):
    (row,) = charges(page(tokens(**more)))
    assert row["service_tier"] == tier


def test_an_hour_stays_an_hour(charges):
    hour = page(tokens())
    hour["data"][0]["end_time"] = unix(DAY) + 3600
    assert charges(hour)[0]["grain"] == "hour"


def test_searches_are_counted_and_their_requests_are_not_counted_again(charges):
    sample = shared(f"{SAMPLES}/organization_usage_web_search_calls.json")
    (row,) = charges(sample)
    assert (row["meter"], row["quantity"], row["unit"], row["requests"]) == (
        "web_search",
        "2",
        "calls",
        None,
    )


# --- real samples --------------------------------------------------------------------------------

FILES = {
    "organization_costs.json": ("costs", 1, {"USD": "0.06"}),
    "organization_costs_grouped.json": ("costs", 3, {"USD": "14.75"}),
    "dashboard_cost_export.csv": ("dashboard_costs", 2, {"USD": "0.50383598"}),
    "organization_usage_completions.json": ("usage_completions", 1, {}),
    "organization_usage_embeddings.json": ("usage_embeddings", 1, {}),
    "organization_usage_moderations.json": ("usage_moderations", 1, {}),
    "organization_usage_images.json": ("usage_images", 1, {}),
    "organization_usage_audio_speeches.json": ("usage_audio_speeches", 1, {}),
    "organization_usage_audio_transcriptions.json": ("usage_audio_transcriptions", 1, {}),
    "organization_usage_vector_stores.json": ("usage_vector_stores", 1, {}),
    "organization_usage_code_interpreter_sessions.json": ("usage_code_interpreter_sessions", 1, {}),
    "organization_usage_file_search_calls.json": ("usage_file_search_calls", 1, {}),
    "organization_usage_web_search_calls.json": ("usage_web_search_calls", 1, {}),
    "organization_users.json": ("users", 2, {}),
    "organization_projects_project_id_users.json": ("users", 2, {}),
    "organization_projects.json": ("projects", 1, {}),
    "organization_projects_project_id_api_keys.json": ("api_keys", 1, {}),
    "organization_admin_api_keys.json": ("api_keys", 1, {}),
}


def test_every_sample_loads_once_with_its_own_sum():
    for name, expected in FILES.items():
        imp = give("openai", shared(f"{SAMPLES}/{name}"))
        assert (imp.document, imp.rows, imp.totals) == expected, (name, imp.errors)
        assert give("openai", shared(f"{SAMPLES}/{name}")).state == "duplicate"
    assert [str(v) for v in verify().violations if v.check.startswith("import")] == []
    assert booked() == Decimal("15.31383598")


def test_the_members_of_a_group_are_refused_in_words():
    imp = give("openai", shared(f"{SAMPLES}/organization_groups_group_id_users.json"))
    assert imp.state == "refused"
    assert "members of a group" in imp.errors[0]["message"]


# --- one bill ------------------------------------------------------------------------------------


@pytest.mark.parametrize("separate", [False, True])
def test_the_api_and_the_dashboard_never_book_twice(separate):
    api = json.dumps(page(cost(1.5, "gpt-5, input"), cost(0.5, "gpt-5, output"))).encode()
    files = {"costs.json": api, "costs.csv": dashboard("1.5,usd,x,,,", "0.5,usd,y,,,")}
    for name in (*files, *files):
        give("openai", files[name], name, key=name[-4:].strip(".") if separate else "")
    assert booked() == 2
    assert Slice.objects.filter(superseded_at=None).count() == 2


@pytest.mark.parametrize("order", list(permutations(["costs.json", "costs.csv"])))
def test_whichever_bill_came_first_is_the_money(order):
    files = {
        "costs.json": json.dumps(page(cost(2, "x"))).encode(),
        "costs.csv": dashboard("2.01,usd,x,,,"),
    }
    imports = [give("openai", files[name], name) for name in order]
    assert booked() == {"costs.json": Decimal(2), "costs.csv": Decimal("2.01")}[order[0]]
    assert [warning["code"] for warning in imports[1].warnings] == ["evidence"]


def test_an_address_without_a_user_is_nobody(charges):
    rows = charges(
        dashboard("1,usd,x,,,boss@acme.test", "1,usd,x,,user-1,Ana@acme.test", "1,usd,x,,user-2,")
    )
    assert [row["actor"] for row in rows] == [None, "ana@acme.test", "openai:user-2"]


def test_days_without_cost_in_the_export_are_no_charges(charges):
    assert len(charges(dashboard(",,,,,", "0.5,usd,x,,,"))) == 1


def test_an_older_export_with_fewer_columns_and_times_without_a_zone(charges):
    header = b"start_time_iso,end_time_iso,amount_value,amount_currency\n"
    content = header + b"2026-09-28T00:00:00,2026-09-29T00:00:00,1,usd\n"
    (row,) = charges(content)
    assert row["charge_period_start"] == "2026-09-28T00:00:00"
