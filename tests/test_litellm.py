"""LiteLLM's log: an estimate and no bill, cached tokens inside the prompt, calls that repeat."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing_ingest.connector import Outside
from billing_ingest.pull import pull
from billing_ingest.registry import connector
from finops.attribution.verify.files import imports_equal_their_files
from finops.ledger.models import Charge, Import, Source, Usage, VendorName
from finops.ledger.secrets import set_secret
from finops.outside.http import Http, HttpError
from finops.periods import Period
from tests.fakes.aws import S3, SECRET, fake_aws
from tests.fakes.litellm import Proxy, fake_litellm, payload, row
from tests.fakes.pulling import pull_from
from tests.loading import books, give
from tests.mapped import mapped
from tests.samples import shared
from tests.vendor import Answer

pytestmark = pytest.mark.django_db
SAMPLES = "data/spend/litellm"
WINDOW = (date(2026, 8, 3), date(2026, 8, 4))  # two days before come along


def lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in rows).encode()


def only(content: dict[str, Any], folder) -> dict[str, Any]:
    (found,) = mapped("litellm", content, folder)
    return found


def about(**said: Any) -> str:
    return json.dumps(said)


def assert_files_agree() -> None:
    """Each file's own reader finds what was loaded of it."""
    unread: list[str] = []
    assert (list(imports_equal_their_files(unread)), unread) == ([], [])


# --- the samples ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "document", "cost"),
    [
        ("spend_logs_payload.json", "spend_logs", "spend"),
        ("standard_logging_payload.json", "payloads", "response_cost"),
    ],
)
def test_a_real_body_loads_once(name, document, cost):
    sample = shared(f"{SAMPLES}/{name}")
    wanted = json.loads(sample.read_text(), parse_float=Decimal)
    imp = give("litellm", sample)
    assert (imp.state, imp.document, imp.rows, imp.totals) == ("loaded", document, 1, {})
    found = Usage.objects.get()
    assert found.list_cost == wanted[cost].quantize(Decimal("1e-18"))
    assert (found.input_tokens, found.output_tokens) == (
        wanted["prompt_tokens"], wanted["completion_tokens"],
    )  # fmt: skip
    before = books()
    assert give("litellm", sample).state == "duplicate"
    assert books() == before
    assert_files_agree()


# --- traps ---------------------------------------------------------------------------------------


def test_what_the_proxy_says_of_cost_is_no_money():
    imp = give("litellm", lines(row("a")), "a.jsonl")
    assert imp.totals == {}
    assert not Charge.objects.exists()
    assert Usage.objects.get().list_cost == Decimal("0.01")


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens_details": {"cached_tokens": 30}},
        {"cache_read_input_tokens": 30},
        {"cache_read_input_tokens": 30, "prompt_tokens_details": {"cached_tokens": 30}},
        {"cache_read_input_tokens": 0, "prompt_tokens_details": {"cached_tokens": 30}},
    ],
)
def test_cached_tokens_are_inside_the_prompt_and_taken_out_of_it(tmp_path, usage):
    found = only(row("a", metadata=about(usage_object=usage)), tmp_path)
    assert (found["input_tokens"], found["cached_input_tokens"]) == ("70", "30")


def test_writes_of_a_cache_are_taken_out_of_the_prompt_as_well(tmp_path):
    usage = {"cache_read_input_tokens": 30, "cache_creation_input_tokens": 50}
    found = only(row("a", metadata=about(usage_object=usage)), tmp_path)
    names = ("input_tokens", "cached_input_tokens", "cache_write_tokens")
    assert [found[name] for name in names] == ["20", "30", "50"]


def test_a_margin_of_the_proxy_is_no_cost_of_the_vendor(tmp_path):
    said = {"original_cost": 0.008, "margin_percent": 25, "total_cost": 0.01}
    assert only(row("a", metadata=about(cost_breakdown=said)), tmp_path)["list_cost"] == "0.008"
    assert only(payload("a", cost_breakdown=said), tmp_path)["list_cost"] == "0.008"


def test_an_answer_from_the_proxys_cache_costs_nothing_and_uses_no_tokens(tmp_path):
    for one in (row("a", cache_hit="True"), payload("a", cache_hit=True, saved_cache_cost=0.01)):
        found = only(one, tmp_path)
        assert (found["requests"], found["list_cost"]) == ("1", "0")
        assert {found[f"{m}_tokens"] for m in ("input", "cached_input", "output")} == {"0"}


@pytest.mark.parametrize("word", ["None", "False", "", None, False])
def test_any_other_word_is_no_hit_of_the_cache(tmp_path, word):
    assert only(row("a", cache_hit=word), tmp_path)["output_tokens"] == "20"


def test_tokens_that_cost_nothing_are_unpriced_and_not_free(tmp_path):
    assert only(row("a", spend=0, model="house-model"), tmp_path)["list_cost"] is None
    failure = {"error_str": "no price"}
    found = only(payload("a", response_cost_failure_debug_info=failure), tmp_path)
    assert found["list_cost"] is None


def test_failed_retried_and_empty_calls_are_counted_with_their_cost():
    rows = [
        row("a", "2026-08-01 09:00:00", status="failure", spend=0.001, session_id="s"),
        row("b", "2026-08-01 09:00:05", session_id="s"),
        row("c", "2026-08-01 09:00:10", session_id="s"),
        row("d", "2026-08-01 09:00:00", metadata=about(attempted_retries=1)),
        row("e", "2026-08-01 09:00:00", completion_tokens=0, spend=0.005),
        row("f", "2026-08-01 09:00:00", completion_tokens=0, call_type="aembedding"),
    ]  # fmt: skip
    give("litellm", lines(*rows), "a.jsonl")
    found = Usage.objects.all()
    sums = {
        name: sum(getattr(one, name) or 0 for one in found)
        for name in ("requests", "failed_requests", "retried_requests", "empty_requests",
                     "failed_list_cost", "retried_list_cost", "empty_list_cost")
    }  # fmt: skip
    assert sums == {
        "requests": 6, "failed_requests": 1, "retried_requests": 2, "empty_requests": 1,
        "failed_list_cost": Decimal("0.001"), "retried_list_cost": Decimal("0.02"),
        "empty_list_cost": Decimal("0.005"),
    }  # fmt: skip
    assert_files_agree()


def test_a_request_in_two_documents_counts_once():
    give("litellm", lines(row("a"), row("b")), "rows.jsonl")
    imp = give("litellm", lines(payload("b"), payload("c")), "payloads.jsonl")
    assert [w["code"] for w in imp.warnings] == ["repeated_requests"]
    assert sum(one.requests for one in Usage.objects.all()) == 3


@pytest.mark.parametrize(
    "started", [1785574800.25, "2026-08-01 09:00:00.25", "2026-08-01T09:00:00Z"]
)
def test_times_are_seconds_or_words_and_mean_utc(started):
    imp = give("litellm", lines(payload("a", started)), "a.jsonl")
    assert imp.state == "loaded"
    assert f"{Usage.objects.get().occurred_at:%F %T}" == "2026-08-01 09:00:00"


@pytest.mark.parametrize(
    ("provider", "model", "wanted"),
    [
        ("openai", "openai/gpt-4o", ("openai", "gpt-4o")),
        ("bedrock", "anthropic.claude-x", ("aws", "anthropic.claude-x")),
        ("sagemaker_chat", "m", ("aws", "m")),
        ("azure_ai", "m", ("azure", "m")),
        ("vertex_ai", "m", ("gcp", "m")),
        ("gemini", "m", ("gcp", "m")),
        ("github_copilot", "m", ("github", "m")),
        ("", "m", ("litellm", "m")),
    ],
)
def test_who_serves_a_model_is_said_in_our_words(tmp_path, provider, model, wanted):
    found = only(row("a", custom_llm_provider=provider, model=model), tmp_path)
    assert (found["provider"], found["model"]) == wanted


def test_tags_and_metadata_say_what_a_call_was_for(tmp_path):
    said = about(
        spend_logs_metadata={"repo": "Acme/Web", "person": "Ben@example.com"},
        user_api_key_user_email="ana@example.com", user_api_key_team_alias="Core",
        user_api_key_project_id="p-1",
    )  # fmt: skip
    tags = json.dumps(["pr:acme/web#7", "nightly", "User-Agent: x"])
    found = only(row("a", metadata=said, request_tags=tags, end_user="c-9"), tmp_path)
    names = ("actor", "team", "project", "repo", "pr", "api_key")
    assert [found[name] for name in names] == [
        "ben@example.com", "Core", "p-1", "acme/web", "acme/web#7", "hash-1",
    ]  # fmt: skip
    kept = json.loads(found["tags"])
    assert (kept["end_user"], kept["log"], "User-Agent" in found["tags"]) == (
        "c-9",
        "litellm",
        False,
    )


def test_words_of_a_conversation_are_not_kept_in_the_books():
    words = [{"role": "user", "content": "canary-words"}]
    give("litellm", lines(payload("a", messages=words)), "a.jsonl")
    assert "canary-words" not in repr(books())


def test_sums_by_day_without_requests_are_refused_in_words():
    said = [{"startTime": "2026-08-01", "spend": 1.5, "users": {}, "models": {"gpt-4o": 1.5}}]
    imp = give("litellm", json.dumps(said).encode(), "a.json")
    assert imp.state == "refused"
    assert "summarize=false" in imp.errors[0]["message"]


# --- the API -------------------------------------------------------------------------------------


def test_a_pull_brings_names_and_the_requests_of_each_day(settings):
    with fake_litellm() as proxy:
        imports = pull_from(proxy, settings, "litellm", WINDOW)
        asked = proxy.asked
    assert [imp.document for imp in imports] == ["keys", "users", "teams", "spend_logs"]
    assert sum(one.requests for one in Usage.objects.all()) == 3
    assert asked[0].headers["authorization"] == "Bearer key-canary"
    named = {(one.kind, one.external_id): one.name for one in VendorName.objects.all()}
    assert named["api_key", "hash-1"] == "bot"
    assert named["workspace", "team-1"] == "Core"
    assert ("user", "ana@example.com") in named
    assert_files_agree()


def test_a_second_pull_changes_nothing_and_a_corrected_cost_replaces(settings):
    known = Proxy([row("a"), row("b")])
    with fake_litellm(known) as proxy:
        pull_from(proxy, settings, "litellm", WINDOW)
        before = books()
        again = pull_from(proxy, settings, "litellm", WINDOW)
        assert {imp.state for imp in again} == {"duplicate"}
        assert books() == before
        known.rows[0]["spend"] = 0.05
        pull_from(proxy, settings, "litellm", WINDOW)
    current = Usage.objects.filter(slice__superseded_at=None)
    assert sum(one.list_cost for one in current) == Decimal("0.06")


@pytest.mark.parametrize(
    ("change", "code"),
    [({"counted": 9}, "vendor_total_mismatch"), ({"repeats_first_page": True}, "bad_answer")],
)
def test_rows_that_are_not_whole_keep_the_old_figures(settings, change, code):
    rows = [row(name) for name in "abc"]
    with fake_litellm(Proxy(rows)) as proxy:
        pull_from(proxy, settings, "litellm", WINDOW)
    before = list(Usage.objects.values_list("pk", "list_cost"))
    with fake_litellm(Proxy(rows, **change)) as proxy, pytest.raises(HttpError) as caught:
        pull_from(proxy, settings, "litellm", WINDOW)
    assert caught.value.code == code
    assert list(Usage.objects.values_list("pk", "list_cost")) == before


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(b"<html>", headers={"Content-Type": "text/html"}), "bad_answer"),
        (Answer(b'{"error": "x"}'), "bad_answer"),
        (Answer(b'{"error": "slow"}', 429, {"Retry-After": "100"}), "rate_limited"),
        (Answer(b'{"error": "no"}', 401), "vendor_error"),
        (Answer(b'{"error": "down"}', 503), "vendor_error"),
    ],
)
def test_an_odd_answer_delivers_nothing(tmp_path, settings, answer, code):
    with fake_litellm(lambda _: answer) as proxy:
        settings.OUTLAY_PRIVATE_HOSTS = [proxy.host]
        outside = Outside(Http(sleep=lambda _: None), {"api_url": proxy.url}, "key", tmp_path)
        with pytest.raises(HttpError) as caught:
            list(connector("litellm").fetch(outside, *WINDOW))
    assert caught.value.code == code


def test_a_proxy_without_an_address_is_asked_for_one(tmp_path):
    with pytest.raises(HttpError) as caught:
        list(connector("litellm").fetch(Outside(Http(), {}, "key", tmp_path), *WINDOW))
    assert caught.value.code == "needs_address"


# --- objects in a bucket -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with fake_aws() as s3:
        yield s3


@pytest.fixture
def s3(server: S3, settings: Any) -> Iterator[S3]:
    settings.OUTLAY_PRIVATE_HOSTS = [server.host]
    yield server
    server.clear()


def drop(s3: S3, day: str, *payloads: dict[str, Any]) -> None:
    for number, one in enumerate(payloads):
        key = f"logs/{day}/time-{day}T09-00-0{number}-000001_{one['id']}.json"
        s3.put(key, json.dumps(one).encode())


def pulled(s3: S3, **config: Any) -> list[Import]:
    source, _ = Source.objects.get_or_create(
        key="drop", defaults={"name": "Drop", "connector": "litellm"}
    )
    source.config = s3.config | {"prefix": "logs"} | config
    set_secret(source, SECRET)
    source.save()
    return pull(source, Period(*WINDOW), http=Http())


def test_the_objects_of_a_day_are_one_import(s3):
    drop(s3, "2026-08-01", payload("a"), payload("b"))
    drop(s3, "2026-08-02", payload("c", 1785661200))
    drop(s3, "2026-07-20", payload("old", 1784538000))
    imports = pulled(s3)
    assert [(imp.state, imp.document, imp.rows) for imp in imports] == [
        ("loaded", "payloads", 2), ("loaded", "payloads", 1),
    ]  # fmt: skip
    assert sum(one.requests for one in Usage.objects.all()) == 3
    assert_files_agree()


def test_objects_that_come_later_join_their_day_and_others_change_nothing(s3):
    drop(s3, "2026-08-01", payload("a"), payload("b"))
    pulled(s3)
    assert {imp.state for imp in pulled(s3)} == {"duplicate"}
    drop(s3, "2026-08-01", payload("a"), payload("b"), payload("c"))
    pulled(s3)
    current = Usage.objects.filter(slice__superseded_at=None)
    assert sum(one.requests for one in current) == 3


def test_many_objects_are_few_parts_of_one_import(s3, monkeypatch):
    monkeypatch.setattr("billing_ingest.connectors.litellm.fetch.PART_SIZE", 2)
    drop(s3, "2026-08-01", *(payload(f"r{n}") for n in range(5)))
    (imp,) = pulled(s3)
    assert imp.rows == 5


def test_a_bucket_that_is_not_there_says_so(s3):
    with pytest.raises(HttpError, match="nowhere"):
        pulled(s3, bucket="nowhere")
