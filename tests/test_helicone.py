"""Helicone: an estimate and no bill; cached tokens by what the total says."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing_ingest.connector import Outside
from billing_ingest.registry import connector
from finops.attribution.verify.files import imports_equal_their_files
from finops.ledger.models import Charge, Usage
from finops.outside.http import Http, HttpError
from tests.fakes.helicone import Organisation, fake_helicone, request
from tests.fakes.pulling import pull_from
from tests.loading import books, give
from tests.vendor import Answer

pytestmark = pytest.mark.django_db
WINDOW = (date(2026, 8, 3), date(2026, 8, 4))  # two days before come along


def lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_cost_is_an_estimate_and_no_money():
    imp = give("helicone", lines(request("a")), "a.jsonl")
    assert (imp.state, imp.totals) == ("loaded", {})
    assert not Charge.objects.exists()
    assert Usage.objects.get().list_cost == Decimal("0.000225")


def test_billionths_of_a_dollar_are_refused():
    imp = give("helicone", lines(request("a", cost=225000)), "a.jsonl")
    assert imp.state == "refused"
    assert "225000" in imp.errors[0]["found"]


def test_a_request_of_two_pages_counts_once():
    pages = [{"data": [request("a"), request("b")]}, {"data": [request("b")]}]
    give("helicone", json.dumps(pages).encode(), "a.json")
    assert sum(row.requests for row in Usage.objects.all()) == 2


def test_a_status_of_an_error_is_a_failed_call():
    give("helicone", lines(request("a", response_status=500)), "a.jsonl")
    found = Usage.objects.get()
    assert (found.failed_requests, found.team) == (1, "core")


def test_a_pull_brings_each_day_once_and_again_changes_nothing(settings):
    with fake_helicone() as vendor:
        (imp,) = pull_from(vendor, settings, "helicone", WINDOW)
        before = books()
        (again,) = pull_from(vendor, settings, "helicone", WINDOW)
    assert (imp.state, imp.rows, again.state) == ("loaded", 3, "duplicate")
    assert books() == before
    unread: list[str] = []
    assert (list(imports_equal_their_files(unread)), unread) == ([], [])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Organisation([request(f"r{n}") for n in range(1000)], ignores_offset=True), "bad_answer"),
        (lambda _: Answer(b"<html>", headers={"Content-Type": "text/html"}), "bad_answer"),
        (lambda _: Answer(b'{"error": "slow"}', 429, {"Retry-After": "100"}), "rate_limited"),
        (lambda _: Answer(b'{"error": "down"}', 503), "vendor_error"),
    ],
)
def test_an_odd_answer_delivers_nothing(tmp_path, settings, answer, code):
    with fake_helicone(answer) as vendor:
        settings.OUTLAY_PRIVATE_HOSTS = [vendor.host]
        outside = Outside(Http(sleep=lambda _: None), {"api_url": vendor.url}, "key", tmp_path)
        with pytest.raises(HttpError) as caught:
            list(connector("helicone").fetch(outside, date(2026, 8, 1), date(2026, 8, 2)))
    assert caught.value.code == code
