"""Cursor's events: fractional cents, a fee that is inside, and use that the plan includes."""

import json
from datetime import date
from decimal import Decimal

import pytest

from billing_ingest.connector import Outside
from billing_ingest.registry import connector
from finops.attribution.models import Cell
from finops.attribution.verify.books import verify
from finops.ledger.models import Charge, Usage, VendorName
from finops.outside.http import Http, HttpError
from finops.people.models import Identity, Person
from tests.commands import settle
from tests.fakes.cursor import Team, event, fake_cursor
from tests.fakes.pulling import pull_from
from tests.loading import books, give
from tests.mapped import mapped
from tests.samples import shared
from tests.vendor import Answer

pytestmark = pytest.mark.django_db
SAMPLES = "data/spend/cursor"
DAY = date(2026, 8, 1)
WINDOW = (date(2026, 8, 5), date(2026, 8, 6))  # four days before come along
ANA = "ana@example.com"
HEADER = (
    "Date,User,Kind,Model,Max Mode,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,"
    "Output Tokens,Total Tokens,Cost\n"
)


def billed() -> Decimal:
    rows = Charge.objects.filter(slice__superseded_at=None).select_related("slice__billing_scope")
    return sum(
        (row.billed_cost for row in rows if row.slice.billing_scope.feed_id == row.slice.source_id),
        Decimal(0),
    )


def page(*events) -> bytes:
    return json.dumps({"totalUsageEventsCount": len(events), "usageEvents": list(events)}).encode()


def line(cost="0.07", kind="On-Demand", tokens="0,21174,98521,3728,123423") -> bytes:
    return f"{HEADER}2026-06-10T14:19:26.869Z,{ANA},{kind},composer,Yes,{tokens},{cost}\n".encode()


# --- events --------------------------------------------------------------------------------------


def test_the_fee_is_inside_the_charged_cents():
    imp = give("cursor", shared(f"{SAMPLES}/filtered_usage_events.json"))
    assert imp.totals == {"USD": "0.2136232"}  # 21.36232 cents, of which 1.18 are the fee
    assert [str(v) for v in verify().violations] == []


@pytest.mark.parametrize(
    ("cents", "dollars"),
    [(21.36232, "0.2136232"), (0.000001, "0.00000001"), (1e-07, "0.000000001"), (100, "1")],
)
def test_fractional_cents_become_dollars_exactly(cents, dollars):
    assert give("cursor", page(event(DAY, 9, ANA, cents)), "e.json").totals == {"USD": dollars}


@pytest.mark.parametrize(
    ("kind", "chargeable", "is_billed"),
    [
        ("Usage-based", True, True),
        ("Usage-based", None, True),
        ("USAGE_EVENT_KIND_USAGE_BASED", None, True),
        ("On-Demand", None, True),
        ("Usage-based", False, False),
        ("Included in Business", None, False),
        ("Included in Business", True, False),
        ("USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS", None, False),
        ("Errored, Not Charged", True, False),
        ("Free", None, False),
    ],
)
def test_what_the_plan_includes_is_use_and_not_money(kind, chargeable, is_billed):
    one = event(DAY, 9, ANA, 50, kind=kind, isChargeable=chargeable)
    imp = give("cursor", page({k: v for k, v in one.items() if v is not None}), "e.json")
    assert imp.totals == {"USD": "0.5" if is_billed else "0"}
    assert Usage.objects.get().list_cost == Decimal("0.5")
    assert Charge.objects.get().list_cost == Decimal("0.5")
    paid_by_plan = (Usage.objects.get().tags or {}).get("paid_by")
    assert paid_by_plan == (None if is_billed else "seat")


def test_a_persons_events_are_paid_by_that_person_alone():
    """Two people use one model in the same hour: neither bill is split over the other's use."""
    give("cursor", page(event(DAY, 9, ANA, 300), event(DAY, 9, "ben@example.com", 100)), "e.json")
    settle()
    paid = {cell.actor: cell.billed_nanos for cell in Cell.objects.all()}
    assert paid == {ANA: 3_000_000_000, "ben@example.com": 1_000_000_000}


def test_included_use_is_never_provisional_cost():
    later = event(date(2026, 8, 9), 9, ANA, 50, kind="Included in Business")
    give("cursor", page(event(DAY, 9, ANA, 300), later), "e.json")
    settle()
    assert [cell.is_provisional for cell in Cell.objects.all()] == [False]


def test_the_older_word_for_the_kind_is_read():
    one = event(DAY, 9, ANA, 50, kindLabel="Included in Pro", kind=None, isChargeable=None)
    assert give("cursor", page(one), "e.json").totals == {"USD": "0"}


def test_equal_events_of_one_page_are_several_and_of_two_pages_one():
    twin = event(DAY, 9, ANA, 10)
    pages = b"[" + page(twin, twin, event(DAY, 10, ANA, 1)) + b"," + page(twin) + b"]"
    imp = give("cursor", pages, "e.json")
    assert imp.totals == {"USD": "0.21"}
    assert sum(row.requests for row in Usage.objects.all()) == 3
    assert [str(v) for v in verify().violations] == []


def test_an_event_that_moved_to_another_page_counts_in_its_newest_words():
    old, new = event(DAY, 9, ANA, 10), event(DAY, 9, f" {ANA.upper()}", 8)
    imp = give("cursor", b"[" + page(old) + b"," + page(new) + b"]", "e.json")
    assert imp.totals == {"USD": "0.08"}
    assert [str(v) for v in verify().violations] == []


def test_an_event_without_an_amount_books_nothing_and_is_told():
    imp = give("cursor", page(event(DAY, 9, ANA, None), event(DAY, 10, ANA, 1)), "e.json")
    assert imp.totals == {"USD": "0.01"}
    assert [w["code"] for w in imp.warnings] == ["no_amount"]
    assert imp.warnings[0]["message"].startswith("1 invoiced event")


def test_a_failed_call_is_counted_as_one():
    failed = event(DAY, 9, ANA, 2, kind="Errored, Not Charged", isChargeable=False)
    give("cursor", page(failed), "e.json")
    row = Usage.objects.get()
    assert (row.requests, row.failed_requests, row.failed_list_cost) == (1, 1, Decimal("0.02"))


# --- the dashboard's export ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cost", "dollars", "listed"),
    [("0.07", "0.07", "0.07"), ("$0.07", "0.07", "0.07"), ("NaN", "0", None), ("-", "0", None)],
)
def test_cost_is_in_dollars_or_a_word(cost, dollars, listed):
    imp = give("cursor", line(cost))
    assert imp.totals == {"USD": dollars}
    charge = Charge.objects.get()
    assert charge.list_cost == (None if listed is None else Decimal(listed))
    assert ("no_amount" in {w["code"] for w in imp.warnings}) == (listed is None)
    assert [str(v) for v in verify().violations] == []


@pytest.mark.parametrize("cost", ["Included", "Free", "-", "NaN", "$0.01"])
def test_an_included_line_is_not_invoiced_whatever_its_cost_says(cost):
    assert give("cursor", line(cost, kind="Included")).totals == {"USD": "0"}


def test_another_word_for_a_cost_is_refused():
    imp = give("cursor", line("about 3"))
    assert (imp.state, imp.errors[0]["line"]) == ("refused", 2)


def test_buckets_of_tokens_add_up_to_the_total(tmp_path):
    (row,) = mapped("cursor", line(), tmp_path)
    assert [row[f"{name}_tokens"] for name in ("input", "cached_input", "cache_write", "output")] == [
        "21174", "98521", "0", "3728",
    ]  # fmt: skip


def test_a_first_bucket_that_holds_the_second_is_taken_apart(tmp_path):
    (row,) = mapped("cursor", line(tokens="1500,1000,0,10,1510"), tmp_path)
    assert (row["cache_write_tokens"], row["input_tokens"]) == ("500", "1000")


def test_buckets_that_do_not_add_up_are_refused():
    imp = give("cursor", line(tokens="1500,1000,0,10,9999"))
    assert imp.state == "refused"
    assert "9999" in imp.errors[0]["found"]


def test_the_real_export_loads_once():
    sample = shared(f"{SAMPLES}/usage_events_export.csv")
    first = give("cursor", sample)
    assert (first.state, first.document, first.totals) == ("loaded", "usage_export", {"USD": "0.4"})
    tokens = Usage.objects.values_list(
        "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens"
    )
    assert sum(map(sum, tokens)) == 123423 + 190323 + 7500 + 210 + 210
    assert give("cursor", sample).state == "duplicate"
    assert [str(v) for v in verify().violations] == []


# --- other answers -------------------------------------------------------------------------------


def test_spend_and_daily_figures_are_no_money():
    give("cursor", shared(f"{SAMPLES}/spend.json"))
    give("cursor", shared(f"{SAMPLES}/daily_usage_data.json"))
    assert not Charge.objects.exists()
    rows = {(row.meter, row.actor): row for row in Usage.objects.all()}
    assert rows["member_spend", "developer@company.com"].quantity == Decimal("9445.474115")
    assert rows["lines_added", "developer@company.com"].quantity == 1543
    assert {row.list_cost for row in rows.values()} == {None}
    assert [str(v) for v in verify().violations] == []


def test_figures_of_people_who_were_not_active_are_left_out():
    imp = give("cursor", shared(f"{SAMPLES}/daily_usage_data.json"))
    assert imp.rows == 2
    assert set(Usage.objects.values_list("actor", flat=True)) == {"developer@company.com"}


def test_members_are_people_with_the_vendors_id():
    give("cursor", shared(f"{SAMPLES}/members.json"))
    assert Person.objects.count() == 2
    assert Identity.objects.filter(namespace="cursor", external_id="12345").exists()
    assert VendorName.objects.get(external_id="developer@company.com").name == "Alex"


# --- the API -------------------------------------------------------------------------------------


def test_a_pull_brings_members_events_daily_figures_and_spend(settings):
    with fake_cursor() as vendor:
        imports = pull_from(vendor, settings, "cursor", WINDOW)
        asked = vendor.asked
    assert [imp.document for imp in imports] == ["members", "usage_events", "daily_usage", "spend"]
    assert billed() == Decimal("0.2675")
    assert asked[0].headers["authorization"] == "Basic a2V5LWNhbmFyeTo="  # key-canary:
    bodies = [json.loads(one.body) for one in asked if one.path.endswith("usage-events")]
    assert [(one["page"], one["startDate"]) for one in bodies] == [
        (1, 1785542400000), (2, 1785542400000),
    ]  # fmt: skip
    assert bodies[0]["endDate"] == 1785974400000 - 1


def test_costs_that_fall_in_the_trailing_days_replace_the_old_ones(settings):
    known = Team([event(DAY, 9, ANA, 21.5), event(DAY, 10, ANA, 4)])
    with fake_cursor(known) as vendor:
        pull_from(vendor, settings, "cursor", WINDOW)
    known.events[0]["chargedCents"] = 20.0
    with fake_cursor(known) as vendor:
        pull_from(vendor, settings, "cursor", WINDOW)
    assert billed() == Decimal("0.24")


def test_a_day_whose_events_all_come_to_be_included_bills_nothing(settings):
    known = Team([event(DAY, 9, ANA, 1)])
    give("cursor", page(*known.events), "e.json")
    known.events[0]["kind"] = "Included in Business"
    imp = give("cursor", page(*known.events), "e.json", allow_shrink=True)
    assert (imp.state, billed()) == ("loaded", 0)


def test_a_second_pull_of_the_same_days_changes_nothing(settings):
    with fake_cursor() as vendor:
        pull_from(vendor, settings, "cursor", WINDOW)
        before = books()
        again = pull_from(vendor, settings, "cursor", WINDOW)
    assert {imp.state for imp in again} == {"duplicate"}
    assert books() == before


@pytest.mark.parametrize(
    ("change", "code"),
    [({"counted": 9}, "vendor_total_mismatch"), ({"repeats_first_page": True}, "bad_answer")],
)
def test_events_that_are_not_whole_keep_the_old_figures(settings, change, code):
    events = [event(DAY, hour, ANA, 10) for hour in (8, 9, 10)]
    with fake_cursor(Team(events)) as vendor:
        pull_from(vendor, settings, "cursor", WINDOW)
    broken = Team([event(DAY, hour, ANA, 5) for hour in (8, 9, 10)], **change)
    with fake_cursor(broken) as vendor, pytest.raises(HttpError) as caught:
        pull_from(vendor, settings, "cursor", WINDOW)
    assert caught.value.code == code
    assert billed() == Decimal("0.3")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(b"<html>", headers={"Content-Type": "text/html"}), "bad_answer"),
        (Answer(b'{"error": "x"}'), "bad_answer"),
        (Answer(b'{"teamMembers": ["x"]}'), "bad_answer"),
        (Answer(b'{"error": "slow"}', 429, {"Retry-After": "100"}), "rate_limited"),
        (Answer(b'{"error": "no"}', 401), "vendor_error"),
        (Answer(b'{"error": "down"}', 503), "vendor_error"),
    ],
)
def test_an_odd_answer_delivers_nothing(tmp_path, settings, answer, code):
    with fake_cursor(lambda _: answer) as vendor:
        settings.OUTLAY_PRIVATE_HOSTS = [vendor.host]
        outside = Outside(Http(sleep=lambda _: None), {"api_url": vendor.url}, "key", tmp_path)
        with pytest.raises(HttpError) as caught:
            list(connector("cursor").fetch(outside, *WINDOW))
    assert caught.value.code == code
