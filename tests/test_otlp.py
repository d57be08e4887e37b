"""What telemetry says becomes usage: each trap of each tool, and that no call counts twice."""

import json
from decimal import Decimal

import pytest
from django.db.models import Sum

from billing_ingest import jobs
from finops.attribution.verify.files import imports_equal_their_files
from finops.ledger.models import Import, RunningTotal, Usage
from tests.loading import give
from tests.samples import shared
from tests.telemetry import (
    START,
    TOKENS,
    book,
    chat,
    claude_call,
    counter,
    histogram,
    logs,
    metrics,
    one,
    receiver,
    sent,
    spans,
    sums,
    tokens,
)

pytestmark = pytest.mark.django_db
SESSION = {"session.id": "s1", "user.email": "dev@example.com", "model": "claude-sonnet-4-5"}


@pytest.fixture(autouse=True)
def published(monkeypatch):
    monkeypatch.setattr(jobs.app, "send_task", lambda *_, **__: None)


# --- Claude Code: events -----------------------------------------------------------------------


def test_the_four_counts_of_claude_code_exclude_one_another():
    row = one(logs(claude_call()))
    assert tokens(row) == (120, 51000, 2400, 900)


def test_a_cost_in_dollars_is_not_taken_for_cents_or_micros():
    assert one(logs(claude_call())).list_cost == Decimal("0.0421")


def test_a_cost_in_micros_counts_where_no_dollars_are_given():
    row = one(logs(claude_call(cost_usd=None, cost_usd_micros=42100)))
    assert row.list_cost == Decimal("0.0421")


def test_a_cost_with_an_exponent_keeps_its_value():
    assert one(logs(claude_call(cost_usd=1.25e-05))).list_cost == Decimal("0.0000125")


def test_values_may_come_as_text_or_as_numbers():
    said = claude_call(input_tokens="120", cost_usd="0.0421", output_tokens=900.0)
    row = one(logs(said))
    assert (tokens(row), row.list_cost) == ((120, 51000, 2400, 900), Decimal("0.0421"))


def test_a_request_id_counts_once():
    rows = book(logs(claude_call()), logs(claude_call(event__sequence=99)), logs(claude_call(2)))
    assert sum(row.requests for row in rows) == 2


def test_a_call_without_a_request_id_is_told_by_session_and_sequence():
    call = claude_call(request_id=None)
    rows = book(logs(call), logs(call), logs(claude_call(2, request_id=None)))
    assert sum(row.requests for row in rows) == 2


def test_a_failed_call_counts_as_failed_and_not_for_its_request():
    error = claude_call(
        1, event__name="api_error", input_tokens=None, output_tokens=None, cost_usd=None,
        cache_read_tokens=None, cache_creation_tokens=None, status_code="529", attempt=2,
    )  # fmt: skip
    rows = book(logs(error, claude_call(2, request_id="req_1")))
    assert sum(row.requests for row in rows) == 2
    assert sum(row.failed_requests for row in rows) == 1
    assert sum(row.retried_requests for row in rows) == 1


def test_a_call_that_answered_nothing_is_empty_with_its_cost():
    row = one(logs(claude_call(output_tokens=0)))
    assert (row.empty_requests, row.empty_list_cost) == (1, Decimal("0.0421"))


def test_other_events_are_no_calls():
    row = one(logs({"event.name": "tool_result", "session.id": "s1"}, claude_call()))
    assert row.requests == 1


def test_without_an_address_the_account_is_the_actor_and_then_the_installation():
    rows = book(
        logs(
            claude_call(1, user__email=None, user__account_id="user_01", user__id="f00d"),
            claude_call(2, user__email="", user__id="f00d"),
        )
    )
    assert {row.actor for row in rows} == {"anthropic:user_01", "claude_code:f00d"}


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("claude-sonnet-4-5", "anthropic"),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", "aws"),
        ("claude-sonnet-4@20250514", "gcp"),
    ],
)
def test_a_claude_model_is_served_by_whom_its_name_says(model, provider):
    assert one(logs(claude_call(model=model))).provider == provider


def test_what_a_customer_writes_into_the_resource_says_team_and_repository():
    about = {"team.id": "platform", "vcs.repository.url.full": "git@github.com:Acme/Web.git"}
    row = one(logs(claude_call(), **about, cost_center="4711"))
    assert (row.team, row.repo, row.tags["cost_center"]) == ("platform", "acme/web", "4711")


# --- Claude Code: metrics ------------------------------------------------------------------------


def claude_metrics(scale: int = 1, session: str = "s1", at: int = 60, temporality: int = 1):
    said = SESSION | {"session.id": session}
    kinds = {"input": 120, "output": 900, "cacheRead": 51000, "cacheCreation": 2400}
    points = [(said | {"type": kind}, count * scale) for kind, count in kinds.items()]
    return metrics(
        counter("claude_code.cost.usage", (said, 0.0421 * scale), temporality=temporality, at=at),
        counter("claude_code.token.usage", *points, temporality=temporality, at=at),
        counter("claude_code.commit.count", (said, 1), at=at),
    )


def test_metrics_of_one_interval_are_one_row_with_the_cost_of_that_interval():
    row = one(claude_metrics())
    assert (tokens(row), row.list_cost) == ((120, 51000, 2400, 900), Decimal("0.0421"))
    assert row.occurred_at.hour == 4


def test_increases_of_several_intervals_add_up_and_a_repeated_one_does_not():
    first, second = claude_metrics(), claude_metrics(2, at=120)
    book(first, second, first)
    assert sums() == (360, 153000, 7200, 2700)


def test_running_totals_in_a_file_count_what_they_grew_by():
    book(*(claude_metrics(n, at=60 * n, temporality=2) for n in (1, 2, 3)))
    assert sums() == (360, 153000, 7200, 2700)


def test_running_totals_that_are_posted_count_what_they_grew_by_over_all_posts():
    source, token = receiver()
    for n in (1, 2, 2, 4):
        sent(source, token, "metrics", claude_metrics(n, at=60 * n, temporality=2))
    assert sums() == (480, 204000, 9600, 3600)
    # One that comes late is in the later total already.
    sent(source, token, "metrics", claude_metrics(3, at=180, temporality=2))
    assert sums() == (480, 204000, 9600, 3600)
    # One that fell began anew.
    sent(source, token, "metrics", claude_metrics(1, at=300, temporality=2))
    assert sums() == (600, 255000, 12000, 4500)
    assert RunningTotal.objects.filter(source=source).count() == 5


def test_two_processes_have_running_totals_of_their_own():
    source, token = receiver()
    for host in ("a", "b"):
        body = claude_metrics(temporality=2)
        about = {"key": "host.name", "value": {"stringValue": host}}
        body["resourceMetrics"][0]["resource"]["attributes"].append(about)
        sent(source, token, "metrics", body)
    assert sums() == (240, 102000, 4800, 1800)


def test_events_or_metrics_of_a_session_count_never_both():
    source, token = receiver()
    sent(source, token, "logs", logs(claude_call()))
    sent(source, token, "metrics", claude_metrics(), claude_metrics(session="s2", at=61))
    rows = Usage.objects.filter(slice__superseded_at=None)
    assert {row.session: row.slice.imp.document for row in rows} == {
        "s1": "events", "s2": "metrics",
    }  # fmt: skip
    assert sums() == (240, 102000, 4800, 1800)


# --- Codex ---------------------------------------------------------------------------------------


def codex(**changes):
    plain = {
        "event.name": "codex.sse_event", "event.kind": "response.completed",
        "conversation.id": "conv-1", "model": "gpt-5.1", "input_token_count": 100,
        "cached_token_count": 40, "output_token_count": 10, "reasoning_token_count": 5,
        "tool_token_count": 110, "user.account_id": "acct", "user.email": "dev@example.com",
        "event.timestamp": "2026-01-05T04:00:00.000Z",
    }  # fmt: skip
    return plain | {name.replace("__", "."): value for name, value in changes.items()}


def test_the_input_of_codex_includes_what_was_cached_and_its_output_the_reasoning():
    row = one(logs(codex()))
    assert tokens(row) == (60, 40, None, 10)
    assert (row.provider, row.session, row.requests) == ("openai", "conv-1", 1)


def test_only_a_completed_answer_of_codex_is_a_call():
    row = one(logs(codex(event__kind="response.output_item.done"), codex()))
    assert (row.requests, row.failed_requests) == (1, 0)


def test_a_call_of_codex_that_failed_counts_as_failed():
    failed = {"event.name": "codex.api_request", "conversation.id": "c", "attempt": 1,
              "http.response.status_code": 500, "model": "gpt-5.1"}  # fmt: skip
    came = failed | {"http.response.status_code": 200}
    rows = book(logs(codex(), failed, came))
    assert (sum(r.requests for r in rows), sum(r.failed_requests for r in rows)) == (2, 1)


def test_codex_without_request_ids_is_told_by_conversation_time_and_counts():
    later = "2026-01-05T04:00:09.000Z"
    rows = book(logs(codex()), logs(codex()), logs(codex(event__timestamp=later)))
    assert sum(row.requests for row in rows) == 2


def test_who_signed_in_with_a_plan_is_paid_by_a_seat():
    rows = book(
        logs(
            codex(auth_mode="Chatgpt"),
            codex(auth_mode="ApiKey", event__timestamp="2026-01-05T04:00:01.000Z"),
        )
    )
    assert [(row.tags.get("paid_by"), row.billing_scope) for row in rows] == [
        ("seat", "otlp/subscription"),
        (None, ""),
    ]


# --- Gemini CLI ----------------------------------------------------------------------------------


def gemini(**changes):
    plain = {
        "event.name": "gemini_cli.api_response", "session.id": "s1", "model": "gemini-2.5-pro",
        "input_token_count": 1200, "output_token_count": 80, "cached_content_token_count": 900,
        "thoughts_token_count": 300, "tool_token_count": 7, "total_token_count": 1587,
        "prompt_id": "p1", "auth_type": "gemini-api-key", "user.email": "dev@example.com",
    }  # fmt: skip
    return plain | changes


def test_thoughts_of_gemini_are_output_and_cached_input_is_no_other_input():
    row = one(logs(gemini()))
    assert tokens(row) == (307, 900, None, 380)
    assert (row.provider, row.tags) == ("gcp", {"log": "gemini_cli"})


def test_gemini_counts_in_its_own_meter_and_not_in_that_of_gen_ai_as_well():
    said = {"session.id": "s1", "model": "gemini-2.5-pro"}
    kinds = {"input": 1200, "output": 80, "thought": 300, "cache": 900, "tool": 7}
    own = counter(
        "gemini_cli.token.usage", *((said | {"type": kind}, n) for kind, n in kinds.items())
    )
    gen = {"gen_ai.provider.name": "gcp.gemini", "gen_ai.request.model": "gemini-2.5-pro"}
    same = histogram(
        "gen_ai.client.token.usage", (gen | {"gen_ai.token.type": "input"}, 1200, 1),
        (gen | {"gen_ai.token.type": "output"}, 380, 1), temporality=1, at=60,
    )  # fmt: skip
    row = one(metrics(own, same, **{"service.name": "gemini-cli"}))
    assert tokens(row) == (307, 900, None, 380)


# --- files -----------------------------------------------------------------------------------------


def test_a_file_that_mixes_kinds_is_refused_with_the_reason():
    mixed = json.dumps(logs(claude_call())) + "\n" + json.dumps(claude_metrics()) + "\n"
    imp = give("otlp", mixed.encode(), "mixed.jsonl")
    assert imp.state == "refused"
    assert "mixes logs, metrics and traces" in imp.errors[0]["message"]
    named = give("otlp", mixed.encode(), "mixed.jsonl", key="named", document="events")
    assert (named.errors[0]["line"], named.errors[0]["code"]) == (2, "missing_value")


def test_a_bad_count_in_a_file_refuses_it_whole():
    imp = give("otlp", json.dumps(logs(claude_call(input_tokens="many"))).encode(), "one.json")
    assert (imp.state, imp.errors[0]["found"]) == ("refused", "many")
    assert Usage.objects.count() == 0


def test_a_time_of_another_century_refuses_a_file():
    imp = give("otlp", json.dumps(logs(claude_call(at=START * 5))).encode(), "one.json")
    assert imp.state == "refused"


@pytest.mark.parametrize(
    ("name", "document", "expected"),
    [
        ("claude_code_api_request", "events", (120, 51000, 2400, 900)),
        ("claude_code_metrics", "metrics", (120, 51000, 2400, 900)),
        ("codex_sse_event", "events", (60, 40, None, 10)),
        ("gemini_cli_api_response", "events", (300, 900, None, 380)),
        ("genai_span", "spans", (400, 600, None, 120)),
    ],
)
def test_every_sample_becomes_what_it_says_once(name, document, expected):
    path = shared(f"data/spend/otel/{name}_otlp.json")
    imp = give("otlp", path)
    assert (imp.state, imp.document, imp.errors) == ("loaded", document, [])
    assert sums() == expected
    assert give("otlp", path).state == "duplicate"
    source, token = receiver("posted")
    kind = {"events": "logs", "metrics": "metrics", "spans": "traces"}[document]
    for _ in range(2):
        sent(source, token, kind, json.loads(path.read_text()))
    posted = Usage.objects.filter(slice__source=source).aggregate(*map(Sum, TOKENS))
    assert tuple(posted[f"{name}__sum"] for name in TOKENS) == expected
    assert Import.objects.filter(source=source).count() == 1


def test_the_proof_of_the_books_reads_telemetry_with_eyes_of_its_own():
    for number, body in enumerate(
        (
            [logs(claude_call(), codex(), gemini()), logs(claude_call(), codex())],
            [claude_metrics(n, at=60 * n, temporality=2) for n in (1, 2, 2, 4)],
            [spans(chat(), chat(gen_ai__operation__name="invoke_agent"), chat(error__type="x"))],
        )
    ):
        content = "".join(json.dumps(request) + "\n" for request in body).encode()
        assert give("otlp", content, f"{number}.jsonl").state == "loaded"
    unread: list[str] = []
    assert list(imports_equal_their_files(unread)) == []
    assert unread == []
