"""What instrumented programs say in the words of gen_ai: spans and histograms of their calls."""

import pytest

from billing_ingest import jobs
from finops.ledger.models import Usage
from tests.telemetry import book, chat, histogram, metrics, one, receiver, sent, spans, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def published(monkeypatch):
    monkeypatch.setattr(jobs.app, "send_task", lambda *_, **__: None)


def test_the_input_of_a_span_includes_what_was_cached():
    row = one(spans(chat(), **{"service.name": "my-app"}))
    assert tokens(row) == (400, 600, None, 120)
    assert (row.model, row.provider, row.project) == ("gpt-5.1-2025-11-13", "openai", "my-app")


def test_an_input_smaller_than_its_cached_part_is_the_vendors_own_disjoint_number():
    row = one(
        spans(
            chat(
                gen_ai__provider__name="anthropic", gen_ai__usage__input_tokens=20,
                gen_ai__usage__cache_creation__input_tokens=300,
            )
        )
    )  # fmt: skip
    assert tokens(row) == (20, 600, 300, 120)


def test_the_older_names_of_gen_ai_say_the_same():
    row = one(
        spans(
            {
                "name": "openai.chat", "gen_ai.system": "az.ai.openai", "llm.request.type": "chat",
                "gen_ai.request.model": "gpt-4o", "gen_ai.usage.prompt_tokens": 10,
                "gen_ai.usage.completion_tokens": 5,
            }
        )
    )  # fmt: skip
    assert (row.provider, row.model, tokens(row)) == ("azure", "gpt-4o", (10, None, None, 5))


def test_agents_and_tools_repeat_the_sums_of_their_calls_and_are_left_out():
    agent = chat(gen_ai__operation__name="invoke_agent", gen_ai__usage__input_tokens=5000)
    tool = chat(gen_ai__operation__name="execute_tool")
    embedding = chat(
        gen_ai__operation__name="embeddings", gen_ai__usage__cache_read__input_tokens=None,
        gen_ai__usage__output_tokens=None, gen_ai__usage__input_tokens=7,
    )  # fmt: skip
    rows = book(spans(agent, chat(), tool, embedding))
    assert sum(row.input_tokens for row in rows) == 407
    assert sum(row.requests for row in rows) == 2


def test_an_answer_that_two_instrumentations_report_counts_once():
    rows = book(spans(chat(gen_ai__response__id="r1"), chat(gen_ai__response__id="r1")))
    assert sum(row.requests for row in rows) == 1


def test_a_span_that_ended_in_an_error_is_a_failed_call():
    rows = book(spans(chat(error__type="429", gen_ai__usage__output_tokens=None), chat(status=2)))
    assert sum(row.failed_requests for row in rows) == 2


def test_tokens_of_a_histogram_are_its_sum_and_requests_its_count():
    gen = {"gen_ai.provider.name": "aws.bedrock", "gen_ai.response.model": "claude-sonnet-4-5"}
    points = [
        (gen | {"gen_ai.token.type": "input"}, 5000, 4),
        (gen | {"gen_ai.token.type": "output"}, 700, 4),
    ]
    row = one(metrics(histogram("gen_ai.client.token.usage", *points, temporality=1, at=60)))
    assert (tokens(row), row.requests, row.provider) == ((5000, None, None, 700), 4, "aws")


def test_a_histogram_of_running_totals_grows_in_sum_and_count():
    source, token = receiver()
    gen = {
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.token.type": "input",
    }
    for n in (1, 3):
        found = histogram("gen_ai.client.token.usage", (gen, 100 * n, n), temporality=2, at=60 * n)
        sent(source, token, "metrics", metrics(found))
    rows = Usage.objects.filter(slice__superseded_at=None).order_by("slice")
    assert [(row.input_tokens, row.requests) for row in rows] == [(100, 1), (200, 2)]
