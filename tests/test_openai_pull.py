"""Pulling from OpenAI: whole reports of a live account or none, and dollars down to a team."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing_ingest.connector import Outside
from billing_ingest.registry import connector
from finops.attribution.models import Cell
from finops.attribution.settle import settle
from finops.attribution.verify.books import verify
from finops.ledger.models import Charge, Import, Usage, VendorName
from finops.outside.http import Http, HttpError
from finops.people.models import Identity, Membership, Person, Team
from tests.booked import booked
from tests.fakes.openai import Organisation, cost, fake_openai, some_organisation, unix
from tests.fakes.pulling import pull_from
from tests.fakes.troubles import as_json, failed, sign_in_page, throttled

pytestmark = pytest.mark.django_db
DAY = "2026-10-05"
WINDOW = (date(2026, 10, 8), date(2026, 10, 9))  # the seven days before come along


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
