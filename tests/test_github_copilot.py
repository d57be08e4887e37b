"""Copilot's reports: net is billed, gross is use, and one use in two reports counts once."""

import csv
import json
from datetime import date
from decimal import Decimal

import pytest

from billing_ingest.connector import Outside
from billing_ingest.registry import connector
from finops.attribution.verify.books import verify
from finops.ledger.models import BillingScope, Charge, Seat, Slice, Usage
from finops.outside.http import Http, HttpError
from tests.fakes.github_copilot import Copilot, fake_github_copilot, item
from tests.fakes.pulling import pull_from
from tests.loading import books, give
from tests.mapped import mapped
from tests.samples import shared
from tests.vendor import Answer

pytestmark = pytest.mark.django_db
SAMPLES = "data/spend/github-copilot"
HEADER = (
    "date,username,product,sku,model,quantity,unit_type,applied_cost_per_quantity,gross_amount,"
    "discount_amount,net_amount,total_monthly_quota,organization,repository,cost_center_name,"
    "aic_quantity,aic_gross_amount\n"
)
LINE = (
    "2026-06-02,ana,copilot,copilot_ai_credit,GPT-5,150,ai-credits,0.01,1.5,0.3,1.2,0,acme,,,0,0\n"
)
JUNE = (date(2026, 6, 6), date(2026, 6, 7))  # five days before come along


def booked() -> Decimal:
    """Money of active charges whose source is the feed of their bill."""
    rows = Charge.objects.filter(slice__superseded_at=None).select_related("slice__billing_scope")
    return sum(
        (row.billed_cost for row in rows if row.slice.billing_scope.feed_id == row.slice.source_id),
        Decimal(0),
    )


# --- reports -------------------------------------------------------------------------------------


def test_the_real_report_bills_nothing_and_shows_its_gross_as_use():
    imp = give("github_copilot", shared(f"{SAMPLES}/billing-credit-usage.anonymised.csv"))
    with shared(f"{SAMPLES}/billing-credit-usage.anonymised.csv").open(
        encoding="utf-8-sig"
    ) as file:
        rows = list(csv.DictReader(file))
    assert (imp.state, imp.document, imp.rows) == ("loaded", "ai_usage", len(rows))
    assert imp.totals == {"USD": "0"}
    listed = sum(row.list_cost for row in Charge.objects.all())
    assert listed == sum(Decimal(row["gross_amount"]) for row in rows)
    assert round(listed, 2) == Decimal("710.51")
    assert [str(v) for v in verify().violations] == []


def test_what_the_use_would_cost_in_credits_is_never_added(tmp_path):
    """Before June 2026 the file says the same use twice: in requests and in credits."""
    line = "2026-05-27,ana,copilot,copilot_premium_request,GPT-5,4.5,requests,0.04,0.18,0,0.18,0,acme,,,55.7,0.557\n"
    (row,) = mapped("github_copilot", (HEADER + line).encode(), tmp_path)
    assert (row["billed_cost"], row["list_cost"]) == ("0.18", "0.18")
    assert json.loads(row["extras"])["aic_gross_amount"] == "0.557"


@pytest.mark.parametrize(
    ("sku", "spelt", "meter"),
    [
        ("copilot_ai_credit", "copilot_ai_credit", "credits"),
        ("Copilot AI Credits", "copilot_ai_credit", "credits"),
        ("copilot-ai-credits", "copilot_ai_credit", "credits"),
        ("coding_agent_ai_credit", "coding_agent_ai_credit", "credits"),
        ("Copilot Premium Request", "copilot_premium_request", "requests_premium"),
        ("copilot_for_business", "copilot_for_business", "seats"),
    ],
)
def test_spellings_of_one_thing_are_one(tmp_path, sku, spelt, meter):
    (row,) = mapped(
        "github_copilot", (HEADER + LINE.replace("copilot_ai_credit", sku)).encode(), tmp_path
    )
    assert (row["sku_id"], row["meter"], row["service_name"]) == (spelt, meter, "GitHub Copilot")


@pytest.mark.parametrize("unit", ["ai-credits", "AI Credits", "credits"])
def test_units_are_spelt_one_way(tmp_path, unit):
    (row,) = mapped(
        "github_copilot", (HEADER + LINE.replace("ai-credits", unit)).encode(), tmp_path
    )
    assert row["consumed_unit"] == "credits"


def test_noise_of_binary_floats_is_kept_to_the_last_digit():
    noisy = LINE.replace(",1.2,", ",0.8999999999999999,")
    assert give("github_copilot", (HEADER + noisy).encode()).totals == {"USD": "0.8999999999999999"}


def test_other_products_of_the_report_are_counted_and_left_out():
    report = (
        "date,product,sku,quantity,unit_type,gross_amount,net_amount,organization\n"
        "2026-06-02,copilot,copilot_for_business,0.1,user-months,1.9,1.9,acme\n"
        "2026-06-02,actions,actions_linux,10,minutes,0.06,0.06,acme\n"
    )
    imp = give("github_copilot", report.encode())
    assert (imp.totals, imp.out_of_scope) == ({"USD": "1.9"}, {"USD": "0.06"})
    assert [str(v) for v in verify().violations] == []


def test_an_older_report_names_its_days_otherwise(tmp_path):
    report = "usage_at,product,sku,gross_amount,net_amount,workflow_name\n2024-03-01,Copilot,Copilot Business,19,19,x\n"
    (row,) = mapped("github_copilot", report.encode(), tmp_path)
    assert (row["charge_period_start"], row["meter"]) == ("2024-03-01T00:00:00Z", "seats")


def test_a_report_that_is_exported_again_replaces_its_days():
    give("github_copilot", (HEADER + LINE).encode(), "june.csv")
    give("github_copilot", (HEADER + LINE.replace(",1.2,", ",1.3,")).encode(), "june (1).csv")
    assert booked() == Decimal("1.3")


# --- one use in two reports ----------------------------------------------------------------------


def test_a_file_beside_the_api_is_one_bill():
    """The CSV of a source of its own; the API of another one: the same organisation and month."""
    give("github_copilot", (HEADER + LINE).encode(), key="uploads")
    answer = {
        "timePeriod": {"year": 2026, "month": 6, "day": 2}, "organization": "Acme",
        "usageItems": [item("GPT-5", Decimal(150)) | {"netAmount": 1.2}],
    }  # fmt: skip
    imp = give("github_copilot", json.dumps(answer).encode(), "day.json", key="api")
    assert (imp.document, imp.totals) == ("ai_usage_days", {"USD": "1.2"})
    assert BillingScope.objects.count() == 1
    assert booked() == Decimal("1.2")
    assert imp.warnings[0]["code"] == "evidence"


def test_seats_and_use_are_bills_of_their_own():
    """The report of use has no seats: it must not keep the seats of the other report out."""
    give("github_copilot", (HEADER + LINE).encode(), key="uploads")
    report = (
        "date,product,sku,quantity,unit_type,gross_amount,net_amount,organization\n"
        "2026-06-02,copilot,copilot_for_business,0.1,user-months,1.9,1.9,acme\n"
        "2026-06-02,copilot,copilot_ai_credit,150,ai-credits,1.5,1.2,acme\n"
    )
    give("github_copilot", report.encode(), key="reports")
    assert booked() == Decimal("1.2") + Decimal("1.9")


# --- the API -------------------------------------------------------------------------------------


def test_a_day_is_told_by_user_and_adds_up_to_the_vendors_own_figure(settings):
    with fake_github_copilot() as vendor:
        pull_from(vendor, settings, "github_copilot", JUNE, organization="acme")
    rows = Charge.objects.filter(meter="credits").order_by("line")
    assert [(row.actor, row.billed_cost.normalize()) for row in rows] == [
        ("github:ana", Decimal("1.2")),
        ("github:ben", Decimal("0.305")),
        ("", Decimal("0.04")),  # what no user said
    ]
    assert rows[0].charged_on == date(2026, 6, 2)
    assert [str(v) for v in verify().violations] == []


def test_people_without_use_in_a_month_are_not_asked_about_day_by_day(settings):
    with fake_github_copilot() as vendor:
        pull_from(vendor, settings, "github_copilot", JUNE, organization="acme")
        about_eve = [asked for asked in vendor.asked if asked.params.get("user") == ["eve"]]
    assert [asked.params.get("day") for asked in about_eve] == [None]


def test_premium_requests_are_asked_before_june_and_credits_after(settings):
    with fake_github_copilot(Copilot()) as vendor:
        pull_from(
            vendor, settings, "github_copilot", (date(2026, 6, 3), date(2026, 6, 4)),
            organization="acme",
        )  # fmt: skip
        asked = {
            (one.path.split("/")[-2], one.params["month"][0], one.params["day"][0])
            for one in vendor.asked
            if "day" in one.params and one.path.endswith("/usage")
        }
    assert asked == {
        ("premium_request", "5", "29"), ("premium_request", "5", "30"),
        ("premium_request", "5", "31"), ("ai_credit", "6", "1"), ("ai_credit", "6", "2"),
        ("ai_credit", "6", "3"),
    }  # fmt: skip


def test_users_who_used_more_than_the_whole_keep_the_old_figures(settings):
    june = date(2026, 6, 2)
    with fake_github_copilot(Copilot({(june, "ana"): "120"})) as vendor:
        pull_from(vendor, settings, "github_copilot", JUNE, organization="acme")
    before = booked()
    broken = Copilot({(june, "ana"): "900"}, whole_is_short=True)
    with fake_github_copilot(broken) as vendor, pytest.raises(HttpError) as caught:
        pull_from(vendor, settings, "github_copilot", JUNE, organization="acme")
    assert caught.value.code == "vendor_total_mismatch"
    assert booked() == before


def test_every_cost_centre_of_an_enterprise_is_asked(settings):
    """Without one named, the answer holds only what belongs to none of them."""
    known = Copilot(centers={"research": "5", "sales": "7"})
    with fake_github_copilot(known) as vendor:
        pull_from(vendor, settings, "github_copilot", JUNE, enterprise="acme-group")
    seats = Charge.objects.filter(meter="seats").order_by("billed_cost")
    assert [row.billed_cost.normalize() for row in seats] == [Decimal("1.9"), 5, 7]
    assert [row.tags for row in seats] == [
        None,
        {"cost_center": "research"},
        {"cost_center": "sales"},
    ]
    assert {row.billing_account_id for row in seats} == {"acme-group/seats"}
    assert [str(v) for v in verify().violations] == []


def test_the_token_is_not_sent_to_the_signed_links(settings):
    with fake_github_copilot() as vendor:
        pull_from(vendor, settings, "github_copilot", JUNE, organization="acme")
        links = [asked for asked in vendor.asked if asked.path.startswith("/signed/")]
        others = [asked for asked in vendor.asked if not asked.path.startswith("/signed/")]
    assert len(links) == 6
    assert not any("authorization" in asked.headers for asked in links)
    assert {asked.headers["authorization"] for asked in others} == {"Bearer key-canary"}
    assert Usage.objects.filter(meter="", actor="github:eve").count() == 6


def test_reports_of_users_can_be_left_out(settings):
    with fake_github_copilot() as vendor:
        pull_from(vendor, settings, "github_copilot", JUNE, organization="acme", usage_metrics="no")
        assert not [asked for asked in vendor.asked if "metrics" in asked.path]


def test_a_second_pull_of_the_same_days_changes_nothing(settings):
    with fake_github_copilot() as vendor:
        pull_from(vendor, settings, "github_copilot", JUNE, organization="acme")
        before = books()
        again = pull_from(vendor, settings, "github_copilot", JUNE, organization="acme")
    assert {imp.state for imp in again} == {"duplicate"}
    assert books() == before


def fetch(answer, tmp_path, settings):
    with fake_github_copilot(answer) as vendor:
        settings.OUTLAY_PRIVATE_HOSTS = [vendor.host]
        config = {"api_url": vendor.url, "organization": "acme"}
        outside = Outside(Http(sleep=lambda _: None), config, "key", tmp_path)
        return list(connector("github_copilot").fetch(outside, *JUNE))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(b"<html>Sign in", headers={"Content-Type": "text/html"}), "bad_answer"),
        (Answer(b"[]"), "bad_answer"),
        (Answer(b'{"total_seats": 3, "seats": []}'), "vendor_total_mismatch"),
        (Answer(b'{"message": "slow"}', 429, {"Retry-After": "100"}), "rate_limited"),
        (Answer(b'{"message": "Bad credentials"}', 401), "vendor_error"),
    ],
)
def test_an_odd_list_of_seats_delivers_nothing(tmp_path, settings, answer, code):
    with pytest.raises(HttpError) as caught:
        fetch(lambda _: answer, tmp_path, settings)
    assert caught.value.code == code


def test_a_list_that_links_to_itself_is_noticed(tmp_path, settings):
    def answer(asked):
        link = f'<http://{asked.headers["host"]}{asked.path}?page=1>; rel="next"'
        return Answer(b'{"total_seats": 0, "seats": []}', headers={"Link": link})

    with pytest.raises(HttpError, match="same next page twice"):
        fetch(answer, tmp_path, settings)


def test_neither_organisation_nor_enterprise_is_said_at_once(settings):
    with fake_github_copilot() as vendor, pytest.raises(HttpError) as caught:
        pull_from(vendor, settings, "github_copilot", JUNE)
    assert caught.value.code == "bad_config"


# --- seats and what users did --------------------------------------------------------------------


def test_a_person_of_two_teams_holds_one_seat_since_the_first():
    sample = shared(f"{SAMPLES}/enterprise_seats_response_sample.json")
    page = json.loads(sample.read_bytes())
    again = page["seats"][0] | {"created_at": "2025-12-31T23:30:00-06:00", "assigning_team": None}
    page["seats"] += [again, page["seats"][1]]
    imp = give("github_copilot", json.dumps(page).encode(), "seats.json")
    assert (imp.state, imp.rows) == ("loaded", 8)
    ids = {seat["assignee"]["id"] for seat in page["seats"]}
    assert Seat.objects.count() == len(ids)
    assert Seat.objects.get(holder="github:monalisa").assigned_from == date(2026, 1, 1)
    assert [str(v) for v in verify().violations] == []


def test_a_seat_nobody_used_is_not_called_never_used():
    give("github_copilot", shared(f"{SAMPLES}/organization_seats_response_sample.json"))
    assert Seat.objects.get(holder="github:newjoiner").last_active_at is None


@pytest.mark.parametrize(
    ("name", "users", "with_credits"),
    [
        ("organization-users-1-day-report", 2, 2),
        ("organization-users-28-day-report", None, None),
        ("enterprise-users-1-day-report", 1, 1),
    ],
)
def test_breakdowns_of_one_activity_are_not_added(name, users, with_credits):
    sample = shared(f"{SAMPLES}/{name}.json")
    whole = json.loads(sample.read_bytes())
    records = whole.get("day_totals") or whole["user_totals"]
    imp = give("github_copilot", sample)
    assert imp.state == "loaded"
    said = sum(record["user_initiated_interaction_count"] for record in records)
    assert sum(row.requests or 0 for row in Usage.objects.all()) == said
    if users:
        assert imp.rows == users + with_credits
    assert [str(v) for v in verify().violations] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("download-links-organization-1-day.json", "links"),
        ("download-links-organization-28-day.json", "links"),
        ("download-links-enterprise-28-day.json", "links"),
        ("organization-1-day-report.json", "whole organisation"),
        ("organization-28-day-report.json", "whole organisation"),
        ("enterprise-28-day-report.json", "whole organisation"),
        ("enterprise-users-28-day-report.json", "28 days of each user"),
        ("organization_metrics_response_sample.json", "closed"),
        ("organization_usage_response_sample.json", "closed"),
        ("devlake__raw_copilot_metrics.csv", "another tool"),
        ("devlake_language_breakdown.csv", "another tool"),
    ],
)
def test_a_file_of_a_kind_we_do_not_read_is_refused_in_words(name, words):
    imp = give("github_copilot", shared(f"{SAMPLES}/{name}"))
    assert imp.state == "refused"
    assert words in imp.errors[0]["message"]


@pytest.mark.parametrize(
    ("name", "document", "rows"),
    [
        ("billing-credits.json", "ai_usage_month", 110),
        ("enterprise_seats_response_sample.json", "seats", 8),
        ("organization_seats_response_sample.json", "seats", 9),
        ("devlake__raw_copilot_seats.csv", "seats_raw_table", 2),
    ],
)
def test_a_real_sample_loads_once(name, document, rows):
    sample = shared(f"{SAMPLES}/{name}")
    first = give("github_copilot", sample)
    assert (first.state, first.document, first.rows) == ("loaded", document, rows)
    if document == "ai_usage_month":
        items = json.loads(sample.read_bytes(), parse_float=Decimal)["usageItems"]
        assert Decimal(first.totals["USD"]) == sum(Decimal(one["netAmount"]) for one in items)
    before = books()
    assert give("github_copilot", sample).state == "duplicate"
    assert books() == before
    assert [str(v) for v in verify().violations] == []
    assert not Slice.objects.exclude(superseded_at=None).exists()
