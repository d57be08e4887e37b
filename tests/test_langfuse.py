"""Langfuse: an estimate and no bill; cached tokens by what the total says."""

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
from tests.fakes.langfuse import Project, fake_langfuse, observation
from tests.fakes.pulling import pull_from
from tests.loading import books, give
from tests.vendor import Answer

pytestmark = pytest.mark.django_db
WINDOW = (date(2026, 8, 3), date(2026, 8, 4))  # two days before come along


def lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_cost_is_an_estimate_and_no_money():
    imp = give("langfuse", lines(observation("a")), "a.jsonl")
    assert (imp.state, imp.totals) == ("loaded", {})
    assert not Charge.objects.exists()
    assert Usage.objects.get().list_cost == Decimal("0.000225")


@pytest.mark.parametrize(
    ("used", "wanted"),
    [
        ({"input": 10, "input_cached_tokens": 4, "output": 20, "total": 30}, (6, 4)),
        ({"input": 10, "input_cached_tokens": 4, "output": 20, "total": 34}, (10, 4)),
        ({"input": 10, "cache_read_input_tokens": 100, "output": 20}, (10, 100)),
    ],
)
def test_the_total_says_whether_cached_tokens_are_inside_and_is_never_added(used, wanted):
    give("langfuse", lines(observation("a", usageDetails=used)), "a.jsonl")
    found = Usage.objects.get()
    assert (found.input_tokens, found.cached_input_tokens, found.output_tokens) == (*wanted, 20)


def test_only_what_used_a_model_counts_and_in_its_newest_words():
    rows = (
        observation("a"), observation("a", totalCost=0.5),
        observation("b", type="SPAN", providedModelName=None),
    )  # fmt: skip
    give("langfuse", lines(*rows), "a.jsonl")
    found = Usage.objects.get()
    assert (found.requests, found.list_cost) == (1, Decimal("0.5"))


def test_no_cost_of_a_model_nobody_prices_is_unpriced_and_not_free():
    row = observation("a", totalCost=None, providedModelName="house-model")
    give("langfuse", lines(row), "a.jsonl")
    found = Usage.objects.get()
    assert (found.list_cost, found.provider) == (None, "langfuse")


def test_a_pull_brings_each_day_once_and_again_changes_nothing(settings):
    with fake_langfuse() as vendor:
        (imp,) = pull_from(vendor, settings, "langfuse", WINDOW)
        before = books()
        (again,) = pull_from(vendor, settings, "langfuse", WINDOW)
    assert (imp.state, imp.rows, again.state) == ("loaded", 3, "duplicate")
    assert books() == before
    unread: list[str] = []
    assert (list(imports_equal_their_files(unread)), unread) == ([], [])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Project(repeats_cursor=True), "bad_answer"),
        (lambda _: Answer(b"<html>", headers={"Content-Type": "text/html"}), "bad_answer"),
        (lambda _: Answer(b'{"error": "slow"}', 429, {"Retry-After": "100"}), "rate_limited"),
        (lambda _: Answer(b'{"error": "down"}', 503), "vendor_error"),
    ],
)
def test_an_odd_answer_delivers_nothing(tmp_path, settings, answer, code):
    with fake_langfuse(answer) as vendor:
        settings.OUTLAY_PRIVATE_HOSTS = [vendor.host]
        outside = Outside(Http(sleep=lambda _: None), {"api_url": vendor.url}, "key", tmp_path)
        with pytest.raises(HttpError) as caught:
            list(connector("langfuse").fetch(outside, date(2026, 8, 1), date(2026, 8, 2)))
    assert caught.value.code == code
