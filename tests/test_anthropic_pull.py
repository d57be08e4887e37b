"""Pulling from Anthropic: look-ups, reports and analytics of a live account, whole or not at all."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing_ingest.connector import Outside
from billing_ingest.registry import connector
from finops.attribution.models import Cell
from finops.attribution.settle import settle
from finops.attribution.verify.books import verify
from finops.ledger.models import Charge, Usage, VendorName
from finops.outside.http import Http, HttpError
from tests.booked import booked
from tests.fakes.anthropic import (
    Organisation,
    analytics_cost,
    fake_anthropic,
    some_organisation,
)
from tests.fakes.pulling import pull_from
from tests.fakes.troubles import as_json, failed, sign_in_page, throttled

pytestmark = pytest.mark.django_db
DAY = "2026-10-05"
KEY = "sk-ant-admin01-canary"
WINDOW = (date(2026, 10, 6), date(2026, 10, 7))


def pulled(vendor, settings, **config):
    return pull_from(vendor, settings, "anthropic", WINDOW, secret=KEY, **config)


def test_a_pull_brings_look_ups_usage_and_costs_and_books_tie(settings):
    with fake_anthropic() as vendor:
        imports = pulled(vendor, settings)
    assert [(imp.document, imp.state) for imp in imports] == [
        (name, "loaded")
        for name in ("users", "workspaces", "api_keys", "usage_report_messages", "cost_report")
    ]
    names = {(n.kind, n.external_id): n for n in VendorName.objects.all()}
    key = names["api_key", "apikey_1"]
    assert (key.status, key.owner, key.parent) == ("archived", "anthropic:user_1", "wrkspc_1")
    assert names["workspace", "wrkspc_1"].status == "archived"
    assert names["user", "anthropic:user_1"].email == "dev@acme.test"
    settle(now=datetime(2026, 10, 10, tzinfo=UTC))
    spent = {
        cell.meter: (cell.api_key, cell.billed_nanos)
        for cell in Cell.objects.filter(is_provisional=False)
    }
    assert spent == {"output": ("apikey_1", 5_000_000_000), "web_search": ("apikey_1", 100_000_000)}
    assert [str(v) for v in verify().violations] == []


def test_the_bill_is_what_the_usage_costs_at_list_price(settings):
    """Off by a hundred would be dollars taken for cents."""
    with fake_anthropic() as vendor:
        pulled(vendor, settings)
    (listed,) = Usage.objects.filter(output_tokens__gt=0).values_list("output_list_cost", flat=True)
    (billed,) = Charge.objects.filter(meter="output").values_list("billed_cost", flat=True)
    assert Decimal("0.5") < billed / listed < 2


def test_analytics_beside_the_admin_reports_are_evidence(settings):
    with fake_anthropic() as vendor:
        imports = pulled(vendor, settings, reports="admin, analytics")
        asked = [a for a in vendor.asked if a.path.endswith("analytics/cost")]
    assert {imp.document for imp in imports} >= {"analytics_cost", "analytics_usage", "cost_report"}
    assert booked() == Decimal("5.10")
    assert asked[0].params["starting_at"] == ["2026-09-06T00:00:00Z"]  # 31 days before the end
    assert "rbac_group_id" not in asked[0].params["group_by[]"]


def test_an_enterprise_key_pulls_analytics_alone_from_2026_on(settings):
    known = some_organisation()
    with fake_anthropic(known) as vendor:
        imports = pulled(vendor, settings, reports="analytics")
    assert {imp.document for imp in imports} == {"analytics_cost", "analytics_usage"}
    assert booked() == Decimal("5.10")


def test_analytics_of_long_ago_are_asked_for_from_the_day_they_begin(settings, tmp_path):
    with fake_anthropic() as vendor:
        settings.OUTLAY_PRIVATE_HOSTS = [vendor.host]
        outside = Outside(Http(), {"api_url": vendor.url, "reports": "analytics"}, KEY, tmp_path)
        list(connector("anthropic").fetch(outside, date(2025, 12, 1), date(2026, 2, 5)))
        spans = [
            (a.params["starting_at"][0][:10], a.params["ending_at"][0][:10]) for a in vendor.asked
        ]
    assert spans[::2] == [("2026-01-01", "2026-02-01"), ("2026-02-01", "2026-02-05")]


def test_reports_of_an_unknown_name_are_refused(settings):
    with fake_anthropic() as vendor, pytest.raises(HttpError, match="Reports may be"):
        pulled(vendor, settings, reports="everything")


def test_analytics_are_restated_for_a_month(settings):
    known = some_organisation()
    with fake_anthropic(known) as vendor:
        known.analytics["cost"]["2026-09-10"] = [analytics_cost("2026-09-10", "100", model="m")]
        pulled(vendor, settings, reports="analytics")
        known.analytics["cost"]["2026-09-10"] = [analytics_cost("2026-09-10", "120", model="m")]
        pulled(vendor, settings, reports="analytics")
    assert booked() == Decimal("6.30")


def test_what_the_vendor_forgets_stays_and_what_shrinks_is_held(settings):
    known = some_organisation()
    with fake_anthropic(known) as vendor:
        pulled(vendor, settings)
        whole = known.costs.pop(DAY)
        pulled(vendor, settings)
        assert booked() == Decimal("5.10")
        known.costs[DAY] = whole[1:]
        imports = pulled(vendor, settings)
    assert [imp.state for imp in imports if imp.document == "cost_report"] == ["held"]
    assert booked() == Decimal("5.10")


def test_pages_come_whole_and_a_busy_vendor_is_waited_for(settings):
    known = some_organisation()
    known.page_size = 1
    known.troubles.first = {"/cost_report": [throttled(1), failed(529)]}
    with fake_anthropic(known) as vendor:
        pulled(vendor, settings)
    assert booked() == Decimal("5.10")


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (
            as_json({"data": [], "has_more": True, "next_page": "p", "last_id": "p"}),
            "same next page twice",
        ),
        (as_json({"data": [], "has_more": True, "next_page": None}), "more but not where"),
        (sign_in_page(), "a web page, not data"),
    ],
)
@pytest.mark.parametrize("path", ["/cost_report", "analytics/cost", "/api_keys"])
def test_an_answer_that_is_not_whole_changes_nothing(settings, trouble, words, path):
    known = some_organisation()
    with fake_anthropic(known) as vendor:
        pulled(vendor, settings, reports="admin,analytics")
        known.troubles.stays = {path: trouble}
        with pytest.raises(HttpError, match=words):
            pulled(vendor, settings, reports="admin,analytics")
    assert booked() == Decimal("5.10")


def test_a_workspaces_key_is_refused_in_the_vendors_words(settings):
    with (
        fake_anthropic(Organisation(key="other")) as vendor,
        pytest.raises(HttpError, match="invalid x-api-key"),
    ):
        pulled(vendor, settings)
