"""OpenAI: dollars with all their digits, input without what came from the cache, one bill of two."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from billing_ingest.connector import Outside
from billing_ingest.registry import connector
from finops.attribution.models import Cell
from finops.attribution.settle import settle
from finops.attribution.verify.books import verify
from finops.ledger.models import Charge, Import, Slice, Usage, VendorName
from finops.outside.http import Http, HttpError
from finops.people.models import Identity, Membership, Person, Team
from tests.fakes.openai import Organisation, cost, fake_openai, some_organisation, unix
from tests.fakes.pulling import pull_from
from tests.fakes.troubles import as_json, failed, sign_in_page, throttled
from tests.loading import give
from tests.mapped import mapped
from tests.samples import shared

pytestmark = pytest.mark.django_db
SAMPLES = "data/spend/openai"
DAY = "2026-10-05"
WINDOW = (date(2026, 10, 8), date(2026, 10, 9))  # the seven days before come along
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


def booked() -> Decimal:
    """Dollars of the active bills that are the money of their account and month."""
    active = Charge.objects.filter(slice__superseded_at=None).select_related("slice__billing_scope")
    return sum(
        (
            row.billed_cost
            for row in active
            if (scope := row.slice.billing_scope)
            and (scope.feed_id, scope.feed_document) == (row.slice.source_id, row.slice.document)
        ),
        Decimal(0),
    )


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


# --- pulling -------------------------------------------------------------------------------------


def ask(
    vendor,
    settings,
    tmp_path,
    first=date(2026, 10, 1),
    end=date(2026, 10, 9),
    key="sk-admin-canary",
):
    settings.OUTLAY_PRIVATE_HOSTS = [vendor.host]
    outside = Outside(Http(sleep=lambda _: None), {"api_url": vendor.url}, key, tmp_path)
    return list(connector("openai").fetch(outside, first, end))


def test_a_pull_brings_look_ups_usage_and_costs_and_books_tie(settings):
    with fake_openai() as vendor:
        imports = pull_from(vendor, settings, "openai", WINDOW, secret="sk-admin-canary")
    assert [(imp.document, imp.state) for imp in imports] == [
        (name, "loaded")
        for name in (
            "users",
            "projects",
            "api_keys",
            "usage_completions",
            "usage_web_search_calls",
            "costs",
        )
    ]
    names = {(n.kind, n.external_id): n for n in VendorName.objects.all()}
    assert names["project", "proj_ops"].status == "archived"
    assert (names["api_key", "key_web"].owner, names["api_key", "key_web"].parent) == (
        "ana@example.com",
        "proj_web",
    )
    assert (
        Identity.objects.get(namespace="openai", external_id="user-ana").person.email
        == "ana@example.com"
    )
    assert [str(v) for v in verify().violations] == []


def test_costs_are_split_by_usage_down_to_the_team_of_who_holds_the_key(settings):
    """From the vendor's answers to dollars per team: model by model, meter by meter."""
    with fake_openai() as vendor:
        pull_from(vendor, settings, "openai", WINDOW, secret="sk-admin-canary")
    for name in ("ana", "ben"):
        team = Team.objects.create(slug=name, name=name.title(), color=1)
        Membership.objects.create(person=Person.objects.get(email=f"{name}@example.com"), team=team)
    settle(now=datetime(2026, 10, 10, tzinfo=UTC))
    spent: dict[tuple[str, str], int] = {}
    for cell in Cell.objects.filter(is_provisional=False):
        spent[cell.api_key, cell.meter] = (
            spent.get((cell.api_key, cell.meter), 0) + cell.billed_nanos
        )
    assert spent == {
        ("key_web", "input"): 6_000_000_000,
        ("key_ops", "output"): 1_500_000_000,
        ("key_web", "web_search"): 200_000_000,  # 20 of 25 searches
        ("key_ops", "web_search"): 50_000_000,
    }
    teams = {}
    for cell in Cell.objects.filter(is_provisional=False):
        who = Person.objects.get(pk=cell.person_id).email
        teams[who] = teams.get(who, 0) + cell.billed_nanos
    assert teams == {"ana@example.com": 6_200_000_000, "ben@example.com": 1_550_000_000}
    assert [str(v) for v in verify().violations] == []


def test_the_bill_is_what_the_usage_costs_at_list_price(settings):
    """Off by a hundred would be cents taken for dollars."""
    with fake_openai() as vendor:
        pull_from(vendor, settings, "openai", WINDOW, secret="sk-admin-canary")
    listed = sum((u.input_list_cost or 0) for u in Usage.objects.filter(model="gpt-5-2025-08-07"))
    (billed,) = Charge.objects.filter(meter="input").values_list("billed_cost", flat=True)
    assert Decimal("0.5") < billed / listed < 2


def test_a_restated_day_takes_the_place_of_the_old_one(settings):
    known = some_organisation()
    with fake_openai(known) as vendor:
        pull_from(vendor, settings, "openai", WINDOW, secret="sk-admin-canary")
        known.costs[DAY][0] = cost(
            7, "gpt-5-2025-08-07, input", project_id="proj_web", api_key_id="key_web"
        )
        pull_from(vendor, settings, "openai", WINDOW, secret="sk-admin-canary")
    assert booked() == Decimal("8.75")
    assert [str(v) for v in verify().violations] == []


def test_a_day_the_vendor_forgets_keeps_what_we_have(settings):
    known = some_organisation()
    with fake_openai(known) as vendor:
        pull_from(vendor, settings, "openai", WINDOW, secret="sk-admin-canary")
        known.costs.clear()
        known.usage.clear()
        pull_from(vendor, settings, "openai", WINDOW, secret="sk-admin-canary")
    assert booked() == Decimal("7.75")
    assert Usage.objects.filter(slice__superseded_at=None).count() == 4


def test_a_day_that_shrinks_a_lot_is_held(settings):
    known = some_organisation()
    with fake_openai(known) as vendor:
        pull_from(vendor, settings, "openai", WINDOW, secret="sk-admin-canary")
        known.costs[DAY] = known.costs[DAY][2:]
        imports = pull_from(vendor, settings, "openai", WINDOW, secret="sk-admin-canary")
    assert [imp.state for imp in imports if imp.document == "costs"] == [Import.State.HELD]
    assert booked() == Decimal("7.75")


def test_pages_of_days_and_of_lists_come_whole(settings, tmp_path):
    known = some_organisation()
    known.page_days, known.page_rows = 2, 1
    with fake_openai(known) as vendor:
        found = {got.document: json.loads(got.body) for got in ask(vendor, settings, tmp_path)}
    assert sum(len(page["data"]) for page in found["users"]) == 2
    buckets = [bucket for page in found["costs"][1:] for bucket in page["data"]]
    assert len(buckets) == len({bucket["start_time"] for bucket in buckets}) == 8
    assert found["costs"][0] == {"asked": {"group_by": ["project_id", "line_item", "api_key_id"]}}


@pytest.mark.parametrize(
    ("refused", "asked"),
    [((), ["project_id", "line_item", "api_key_id"]), (("api_key_id",), ["project_id", "line_item"]),
     (("api_key_id", "project_id"), ["line_item"])],
)  # fmt: skip
def test_where_a_grouping_is_refused_a_coarser_one_is_asked_for(settings, tmp_path, refused, asked):
    known = some_organisation()
    known.refused_groups = refused
    with fake_openai(known) as vendor:
        (costs,) = [got for got in ask(vendor, settings, tmp_path) if got.document == "costs"]
    assert json.loads(costs.body)[0]["asked"]["group_by"] == asked


def test_the_month_before_is_read_again_in_the_first_week_of_a_month(settings, tmp_path):
    starts = {}
    for end in (date(2026, 10, 7), date(2026, 10, 8)):
        with fake_openai() as vendor:
            ask(vendor, settings, tmp_path, first=date(2026, 10, 1), end=end)
            times = [
                int(a.params["start_time"][0]) for a in vendor.asked if a.path.endswith("/costs")
            ]
        starts[end] = min(times)
    assert starts == {date(2026, 10, 7): unix("2026-09-01"), date(2026, 10, 8): unix("2026-10-01")}


def test_a_busy_vendor_is_waited_for(settings, tmp_path):
    known = some_organisation()
    known.troubles.first = {"/costs": [throttled(2), failed(502)]}
    with fake_openai(known) as vendor:
        assert [got.document for got in ask(vendor, settings, tmp_path)][-1] == "costs"


REPEATS = {"data": [], "has_more": True, "next_page": "page_1"}


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (as_json(REPEATS), "same next page twice"),
        (as_json({"data": [], "has_more": True, "next_page": None}), "more but not where"),
        (as_json({"object": "page"}), "no list of data"),
        (as_json({"data": [{"start_time": 1}], "has_more": False}), "without a list of results"),
        (sign_in_page(), "a web page, not data"),
        (failed(403, "insufficient permissions"), "insufficient permissions"),
    ],
)
def test_costs_that_are_not_whole_change_nothing(settings, trouble, words):
    known = some_organisation()
    with fake_openai(known) as vendor:
        pull_from(vendor, settings, "openai", WINDOW, secret="sk-admin-canary")
        before = booked()
        known.troubles.stays = {"/costs": trouble}
        with pytest.raises(HttpError, match=words) as caught:
            pull_from(vendor, settings, "openai", WINDOW, secret="sk-admin-canary")
    assert caught.value.permanent
    assert booked() == before == Decimal("7.75")


def test_a_kind_of_usage_that_is_not_offered_is_left_out(settings, tmp_path):
    known = some_organisation()
    known.troubles.stays = {
        "/usage/moderations": failed(404, "unknown"),
        "proj_ops/api_keys": failed(404, "gone"),
    }
    with fake_openai(known) as vendor:
        found = {got.document: json.loads(got.body) for got in ask(vendor, settings, tmp_path)}
    assert "costs" in found
    assert [part["asked"] for part in found["api_keys"] if "asked" in part] == [
        {"project_id": "proj_web"}
    ]


def test_a_projects_key_is_refused_in_the_vendors_words(settings, tmp_path):
    with fake_openai(Organisation()) as vendor, pytest.raises(HttpError, match="Incorrect API key"):
        ask(vendor, settings, tmp_path, key="sk-proj-1")
