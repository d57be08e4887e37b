"""The same calls in events, metrics and the local logs are evidence once."""

import json

import pytest
from django.utils import timezone

from billing_ingest import jobs
from finops.attribution.models import Cell, LogDay
from finops.attribution.settle import settle
from finops.ledger.models import Usage
from tests.loading import give
from tests.telemetry import claude_call, counter, logs, metrics, receiver, sent

pytestmark = pytest.mark.django_db
ONCE = 120 + 51000 + 2400 + 900


@pytest.fixture(autouse=True)
def published(monkeypatch):
    monkeypatch.setattr(jobs.app, "send_task", lambda *_, **__: None)


def test_events_metrics_and_local_logs_of_one_call_weigh_once():
    source, token = receiver()
    said = {"session.id": "s1", "user.email": "dev@example.com", "model": "claude-sonnet-4-5"}
    kinds = {"input": 120, "output": 900, "cacheRead": 51000, "cacheCreation": 2400}
    # Metrics come first, so that nothing could leave them out.
    points = [(said | {"type": kind}, count) for kind, count in kinds.items()]
    sent(source, token, "metrics", metrics(counter("claude_code.token.usage", *points)))
    sent(source, token, "logs", logs(claude_call()))
    row = {
        "hour": "2026-01-05T04:00:00Z", "model": "claude-sonnet-4-5", "repo": "acme/web",
        "branch": "door", "requests": 1, "input_tokens": 120, "output_tokens": 900,
        "cached_input_tokens": 51000, "cache_write_tokens": 2400, "list_cost": "0.042100000",
    }  # fmt: skip
    local = {
        "tool": "claude_code", "machine": "0123456789ab", "session": "s1", "day": "2026-01-05",
        "person": "dev@example.com", "rows": [row],
    }  # fmt: skip
    give("claude_code_local", json.dumps(local).encode(), "s1.jsonl")
    assert Usage.objects.count() == 3
    told = Usage.objects.values_list("session", "provider", "model", "actor", "occurred_at")
    assert len(set(told)) == 1, "the logs name the call alike"

    settle(now=timezone.now())

    seen = LogDay.objects.all()
    assert len(seen) == 3
    assert sum(log.measure * log.factor for log in seen) == ONCE
    assert [log.document for log in seen if log.factor] == ["counters"]
    cells = Cell.objects.all()
    assert {(cell.repo, cell.branch, cell.is_provisional) for cell in cells} == {
        ("acme/web", "door", True)
    }
    assert sum(cell.billed_nanos for cell in cells) == 42_100_000
