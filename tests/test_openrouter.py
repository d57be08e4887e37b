"""OpenRouter: credits are dollars, keys of one's own are not billed, native tokens count."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum

from billing_ingest.connector import Outside
from billing_ingest.registry import connector
from finops.attribution.verify.files import imports_equal_their_files
from finops.ledger.models import Charge, Usage
from finops.outside.http import Http, HttpError
from tests.fakes.openrouter import Account, fake_openrouter, row
from tests.fakes.pulling import pull_from
from tests.loading import books, give
from tests.mapped import mapped
from tests.samples import shared
from tests.vendor import Answer

pytestmark = pytest.mark.django_db
SAMPLES = "data/spend/openrouter"
WINDOW = (date(2026, 8, 4), date(2026, 8, 5))  # three days before come along
HEADER = "generation_id,created_at,cost_total,cost_cache,byok_usage_inference,tokens_prompt,tokens_completion,tokens_cached,model_permaslug,provider_name,user,finish_reason_normalized,api_key_name\n"  # noqa: E501


def billed() -> Decimal:
    rows = Charge.objects.filter(slice__superseded_at=None)
    return rows.aggregate(total=Sum("billed_cost"))["total"] or Decimal(0)


def assert_files_agree() -> None:
    unread: list[str] = []
    assert (list(imports_equal_their_files(unread)), unread) == ([], [])


@pytest.mark.parametrize(
    ("name", "document", "total"),
    [
        ("activity_api.json", "activity", {"USD": "0.015"}),
        ("activity_generations_export.csv", "generations_export", {"USD": "0.0123"}),
        ("generation.json", "generation", {}),
    ],
)
def test_a_sample_loads_once(name, document, total):
    sample = shared(f"{SAMPLES}/{name}")
    imp = give("openrouter", sample)
    assert (imp.errors, imp.state, imp.document, imp.totals) == ([], "loaded", document, total)
    before = books()
    assert give("openrouter", sample).state == "duplicate"
    assert books() == before
    assert_files_agree()


def test_what_went_to_a_provider_on_a_key_of_ones_own_is_not_billed():
    body = json.dumps({"data": [row(usage=0.5, byok_usage_inference=2)]}).encode()
    assert give("openrouter", body, "a.json").totals == {"USD": "0.5"}
    assert Usage.objects.get().list_cost == Decimal("2.5")


def test_cached_tokens_are_inside_the_prompt_and_reasoning_inside_the_completion(tmp_path):
    (found,) = mapped("openrouter", {"data": [row()]}, tmp_path)
    names = ("input_tokens", "cached_input_tokens", "output_tokens")
    assert [found[name] for name in names] == ["40", "10", "125"]


def test_a_saving_is_inside_the_total_and_not_taken_off_again():
    line = "gen-1,2026-08-01 03:46:57.713,0.0123,-0.002,0,64,98,0,openai/gpt,Groq,user-42,stop,ci-key\n"
    assert give("openrouter", (HEADER + line).encode()).totals == {"USD": "0.0123"}
    found = Usage.objects.get()
    assert (found.api_key, found.actor, found.tags["end_user"]) == ("ci-key", "", "user-42")
    assert f"{found.occurred_at:%F %H}" == "2026-08-01 03"


def test_native_tokens_of_a_generation_count(tmp_path):
    (found,) = mapped("openrouter", shared(f"{SAMPLES}/generation.json"), tmp_path)
    assert (found["input_tokens"], found["output_tokens"]) == ("64", "98")


def test_failed_and_empty_answers_are_counted_with_their_cost():
    rest = "64,{},0,openai/gpt,Groq,,{},ci-key\n"
    lines = [
        f"gen-{n},2026-08-01 03:00:00,0.01,0,0,{rest.format(tokens, reason)}"
        for n, (tokens, reason) in enumerate([(5, "stop"), (0, "error"), (0, "stop")])
    ]
    give("openrouter", (HEADER + "".join(lines)).encode())
    names = ("requests", "failed_requests", "empty_requests", "failed_list_cost", "empty_list_cost")
    sums = Usage.objects.aggregate(**{f"sum_{name}": Sum(name) for name in names})
    assert [sums[f"sum_{name}"] for name in names] == [3, 1, 1, Decimal("0.01"), Decimal("0.01")]


def test_a_pull_asks_day_by_day_and_a_second_one_changes_nothing(settings):
    with fake_openrouter() as vendor:
        (imp,) = pull_from(vendor, settings, "openrouter", WINDOW)
        before = books()
        (again,) = pull_from(vendor, settings, "openrouter", WINDOW)
        asked = vendor.asked
    assert (imp.state, imp.totals, again.state) == ("loaded", {"USD": "0.015"}, "duplicate")
    assert books() == before
    days = [one.params["date"][0] for one in asked[:4]]
    assert days == ["2026-08-01", "2026-08-02", "2026-08-03", "2026-08-04"]
    assert asked[0].headers["authorization"] == "Bearer key-canary"


def test_a_restated_day_replaces_itself_and_a_vanished_one_stays(settings):
    known = Account([row()])
    with fake_openrouter(known) as vendor:
        pull_from(vendor, settings, "openrouter", WINDOW)
        known.rows[0]["usage"] = 0.02
        pull_from(vendor, settings, "openrouter", WINDOW)
        assert billed() == Decimal("0.02")
        known.rows.clear()
        pull_from(vendor, settings, "openrouter", WINDOW)
    assert billed() == Decimal("0.02")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Account(ignores_the_day=True), "bad_answer"),
        (lambda _: Answer(b"<html>", headers={"Content-Type": "text/html"}), "bad_answer"),
        (lambda _: Answer(b'{"error": "slow"}', 429, {"Retry-After": "100"}), "rate_limited"),
        (lambda _: Answer(b'{"error": "no"}', 403), "vendor_error"),
        (lambda _: Answer(b'{"error": "down"}', 503), "vendor_error"),
    ],
)
def test_an_odd_answer_delivers_nothing(tmp_path, settings, answer, code):
    with fake_openrouter(answer) as vendor:
        settings.OUTLAY_PRIVATE_HOSTS = [vendor.host]
        outside = Outside(Http(sleep=lambda _: None), {"api_url": vendor.url}, "key", tmp_path)
        with pytest.raises(HttpError) as caught:
            list(connector("openrouter").fetch(outside, date(2026, 8, 2), date(2026, 8, 3)))
    assert caught.value.code == code
