"""Telemetry for tests: export requests as exporters build them, posted to our receiver."""

import json
from typing import Any

from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from billing_ingest import inbox
from finops.ledger.models import Source, Usage
from finops.ledger.tokens import make_token
from tests.loading import give

START = 1_767_585_600_000_000_000  # 2026-01-05T04:00:00Z
SECOND = 1_000_000_000
TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")
Object = dict[str, Any]


def receiver(key: str = "telemetry", connector: str = "otlp") -> tuple[Source, str]:
    """A source that takes posts, and a token of it."""
    made, _ = Source.objects.get_or_create(key=key, name=key, connector=connector)
    return made, make_token(made, None, timezone.now())


def post(kind: str, body: Any, token: str = "", **headers: str) -> Any:
    """Post an export request; headers are named with underscores."""
    given = {"Authorization": f"Bearer {token}"} if token else {}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    content_type = given.pop("Content-Type", "application/json")
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().post(f"/otlp/v1/{kind}", raw, content_type=content_type, headers=given)


def sent(source: Source, token: str, kind: str, *bodies: Any) -> None:
    """Post the bodies and book what waits."""
    for body in bodies:
        assert post(kind, body, token).status_code == 200
    inbox.process(source)


def attributes(said: Object) -> list[Object]:
    """Attributes in OTLP's JSON: text stays text, numbers are typed."""
    forms = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    return [
        {"key": k, "value": {forms[type(v)]: str(v) if type(v) is int else v}}
        for k, v in said.items()
    ]


def logs(*events: Object, **resource: Any) -> Object:
    """A request of log records: {at: nanos, ...attributes} each."""
    records = [
        {"timeUnixNano": str(event.get("at", START)), "attributes": attributes(rest(event, "at"))}
        for event in events
    ]
    scope = {"scope": {"name": "com.anthropic.claude_code.events"}, "logRecords": records}
    about = {"attributes": attributes(resource or {"service.name": "claude-code"})}
    return {"resourceLogs": [{"resource": about, "scopeLogs": [scope]}]}


def claude_call(number: int = 1, **changes: Any) -> Object:
    plain = {
        "event.name": "api_request", "session.id": "s1", "user.email": "Dev@example.com",
        "model": "claude-sonnet-4-5", "cost_usd": 0.0421, "input_tokens": 120,
        "output_tokens": 900, "cache_read_tokens": 51000, "cache_creation_tokens": 2400,
        "request_id": f"req_{number}", "event.sequence": number,
    }  # fmt: skip
    changed = plain | {name.replace("__", "."): value for name, value in changes.items()}
    return {name: value for name, value in changed.items() if value is not None}


def metrics(*found: Object, **resource: Any) -> Object:
    """A request of metrics."""
    scope = {"scope": {"name": "com.anthropic.claude_code"}, "metrics": list(found)}
    about = {"attributes": attributes(resource or {"service.name": "claude-code"})}
    return {"resourceMetrics": [{"resource": about, "scopeMetrics": [scope]}]}


def counter(name: str, *points: tuple[Object, float], temporality: int = 1, at: int = 60) -> Object:
    """A sum with (attributes, value) points over the first `at` seconds."""
    made = [
        {
            "attributes": attributes(said), "startTimeUnixNano": str(START),
            "timeUnixNano": str(START + at * SECOND), "asDouble": value,
        }
        for said, value in points
    ]  # fmt: skip
    form = {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": made}
    return {"name": name, "sum": form}


def histogram(name: str, *points: tuple[Object, float, int], temporality: int, at: int) -> Object:
    """A histogram with (attributes, sum, count) points over the first `at` seconds."""
    made = [
        {
            "attributes": attributes(said), "startTimeUnixNano": str(START),
            "timeUnixNano": str(START + at * SECOND), "sum": total, "count": str(count),
        }
        for said, total, count in points
    ]  # fmt: skip
    return {
        "name": name, "histogram": {"aggregationTemporality": temporality, "dataPoints": made},
    }  # fmt: skip


def spans(*found: Object, **resource: Any) -> Object:
    """A request of spans: {name, id, status, ...attributes} each."""
    made = [
        {
            "traceId": "5b8efff798038103d269b633813fc60c", "spanId": f"{number:016x}",
            "name": one.get("name", "chat"), "startTimeUnixNano": str(START),
            "endTimeUnixNano": str(START + SECOND), "status": {"code": one.get("status", 0)},
            "attributes": attributes(rest(one, "name", "status")),
        }
        for number, one in enumerate(found, start=1)
    ]  # fmt: skip
    about = {"attributes": attributes(resource or {"service.name": "my-app"})}
    return {"resourceSpans": [{"resource": about, "scopeSpans": [{"spans": made}]}]}


def rest(said: Object, *names: str) -> Object:
    return {name: value for name, value in said.items() if name not in names}


def chat(**changes):
    plain = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5.1", "gen_ai.response.model": "gpt-5.1-2025-11-13",
        "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.cache_read.input_tokens": 600,
        "gen_ai.usage.output_tokens": 120, "gen_ai.usage.reasoning.output_tokens": 64,
    }  # fmt: skip
    renamed = {name.replace("__", "."): value for name, value in changes.items()}
    return {name: value for name, value in (plain | renamed).items() if value is not None}


def book(*bodies) -> list[Usage]:
    """Give the requests as a file that a collector wrote, and return the rows."""
    content = "".join(json.dumps(body) + "\n" for body in bodies).encode()
    imp = give("otlp", content, "telemetry.jsonl")
    assert (imp.state, imp.errors) == ("loaded", [])
    return list(Usage.objects.filter(slice__superseded_at=None).order_by("occurred_at", "line"))


def one(*bodies) -> Usage:
    (row,) = book(*bodies)
    return row


def tokens(row: Usage) -> tuple[int | None, ...]:
    return tuple(getattr(row, name) for name in TOKENS)


def sums() -> tuple[int | None, ...]:
    found = Usage.objects.filter(slice__superseded_at=None).aggregate(*map(Sum, TOKENS))
    return tuple(found[f"{name}__sum"] for name in TOKENS)
