"""Export requests of OpenTelemetry: calls of coding agents and of instrumented programs."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any

from finops.attribution.verify.reading import FileSums, json_documents

Object = dict[str, Any]
AGENT_FAILURES = {"api_error", "claude_code.api_error", "gemini_cli.api_error"}
CALLS = {"api_request", "claude_code.api_request", "gemini_cli.api_response"}
MODEL_CALLS = {
    "chat", "completion", "text_completion", "generate_content", "embeddings", "embedding",
}  # fmt: skip
TYPES = ("type", "token_type", "gen_ai.token.type", "gen_ai.token.cache")
TOTAL = {"2", "AGGREGATION_TEMPORALITY_CUMULATIVE"}


def events(text: IO[str], sums: FileSums) -> None:
    """Add up the calls that log records tell of, each request once."""
    seen: set[tuple[Any, ...]] = set()
    for _, _, record in _records(text, "resourceLogs", "scopeLogs", "logRecords"):
        said = _attributes(record)
        name = said.get("event.name") or record.get("eventName") or _value(record.get("body"))
        is_failed = name in AGENT_FAILURES
        if name == "codex.api_request":
            status = said.get("http.response.status_code", "")
            is_failed = status not in ("", "0") and not (len(status) == 3 and status[0] == "2")
        is_call = name in CALLS or (
            name == "codex.sse_event" and said.get("event.kind") == "response.completed"
        )
        if not (is_call or is_failed):
            continue
        sums.rows += 1
        session = said.get("session.id") or said.get("conversation.id")
        identity: tuple[Any, ...] = (name, session, said.get("event.sequence"))
        if is_call and not is_failed and said.get("request_id") and name.endswith("api_request"):
            identity = (said["request_id"],)
        elif not session or "event.sequence" not in said:
            identity = (name, record.get("timeUnixNano"), *sorted(said.items()))
        if identity in seen:
            sums.repeats += 1
        seen.add(identity)
        _event(said, sums, is_failed=is_failed, is_gemini=str(name).startswith("gemini_cli"))


def _event(said: dict[str, str], sums: FileSums, *, is_failed: bool, is_gemini: bool) -> None:
    sums.measure("requests", Decimal(1))
    sums.measure("failed_requests", Decimal(is_failed))
    fed = _count(said, "input_tokens", "input_token_count")
    cached = _count(said, "cache_read_tokens", "cached_token_count", "cached_content_token_count")
    if "input_token_count" in said and fed >= cached:
        fed -= cached
    answered = _count(said, "output_tokens", "output_token_count")
    if is_gemini:
        fed += _count(said, "tool_token_count")
        answered += _count(said, "thoughts_token_count")
    sums.measure("input_tokens", fed)
    sums.measure("cached_input_tokens", cached)
    sums.measure("cache_write_tokens", _count(said, "cache_creation_tokens"))
    sums.measure("output_tokens", answered)


def metrics(text: IO[str], sums: FileSums) -> None:
    """Add up token counters: increases as they are, running totals by what they grew."""
    points: dict[tuple[Any, ...], Object] = {}
    for resource, scope, metric in _records(text, "resourceMetrics", "scopeMetrics", "metrics"):
        name, about = metric.get("name", ""), _attributes(resource)
        scope_name = (scope.get("scope") or {}).get("name", "")
        if name == "gen_ai.client.token.usage" and (
            about.get("service.name") or scope_name
        ).startswith("gemini-cli"):
            continue
        if not name.endswith(("token.usage", "cost.usage", "turn.token_usage")):
            continue
        form = metric.get("sum") or metric.get("histogram") or {}
        for point in form.get("dataPoints", []):
            said = _attributes(point)
            series = (
                _key(about), scope_name, name, _key(said), str(point.get("startTimeUnixNano", 0)),
                str(form.get("aggregationTemporality")) in TOTAL,
            )  # fmt: skip
            identity = (*series, int(point["timeUnixNano"]))
            points.setdefault(identity, {"said": said, "point": point})
    rows = defaultdict(list)
    for (*named, nanos), found in _increases(points):
        base = {k: v for k, v in found["said"].items() if k not in TYPES}
        family = named[2].split(".")[0]
        rows[family, named[0], named[1], _key(base), nanos].append((named[2], found))
    for (family, *_), parts in rows.items():
        sums.rows += 1
        _counters(family, parts, sums)


def _increases(points: dict[tuple[Any, ...], Object]) -> Iterator[tuple[tuple[Any, ...], Object]]:
    """Yield the points with what they add, leaving out those that add nothing."""
    before: dict[tuple[Any, ...], tuple[Decimal, Decimal]] = {}
    for identity in sorted(points, key=lambda identity: identity[-1]):
        found = points[identity]
        point, series = found["point"], identity[:-1]
        total = next(Decimal(point[v]) for v in ("asInt", "asDouble", "sum") if v in point)
        times = Decimal(point.get("count", 0))
        old, old_times = before.get(series, (Decimal(0), Decimal(0))) if series[-1] else (0, 0)
        found["value"] = total - old if total >= old else total
        found["times"] = times - old_times if times >= old_times else times
        before[series] = (total, times)
        if found["value"]:
            yield identity, found


def _counters(family: str, parts: list[tuple[str, Object]], sums: FileSums) -> None:
    counts: dict[str, Decimal] = defaultdict(Decimal)
    for name, found in parts:
        if name.endswith("cost.usage"):
            continue
        said = found["said"]
        kind = (
            said.get("type") or said.get("token_type") or said.get("gen_ai.token.type", "")
        ).lower()
        cache = said.get("gen_ai.token.cache", "none").lower()
        if kind == "input" and cache in ("read", "creation"):
            kind = {"read": "cache", "creation": "cachecreation"}[cache]
        elif kind == "input" and family == "gen_ai":
            counts["requests"] += found["times"]
        counts[kind] += found["value"]
    cached = counts["cacheread"] + counts["cache"] + counts["cached_input"]
    fed = counts["input"]
    if family in ("gemini_cli", "codex") and fed >= cached:
        fed -= cached
    sums.measure("requests", counts["requests"])
    sums.measure("input_tokens", fed + counts["tool"])
    sums.measure("cached_input_tokens", cached)
    sums.measure("cache_write_tokens", counts["cachecreation"])
    sums.measure("output_tokens", counts["output"] + counts["thought"])


def spans(text: IO[str], sums: FileSums) -> None:
    """Add up the calls of models among the spans, each answer once."""
    seen: set[str] = set()
    for _, _, span in _records(text, "resourceSpans", "scopeSpans", "spans"):
        said = _attributes(span)
        operation = (
            said.get("gen_ai.operation.name")
            or said.get("llm.request.type")
            or span.get("name", "").split(" ")[0]
        ).lower()
        is_gen_ai = said.get("gen_ai.provider.name") or said.get("gen_ai.system")
        if not is_gen_ai or operation not in MODEL_CALLS:
            continue
        sums.rows += 1
        identity = said.get("gen_ai.response.id") or f"{span.get('traceId')}:{span.get('spanId')}"
        if identity in seen:
            sums.repeats += 1
        seen.add(identity)
        usage = "gen_ai.usage."
        fed = _count(said, f"{usage}input_tokens", f"{usage}prompt_tokens")
        cached = _count(said, f"{usage}cache_read.input_tokens", f"{usage}cache_read_input_tokens")
        written = _count(
            said, f"{usage}cache_creation.input_tokens", f"{usage}cache_creation_input_tokens"
        )
        is_failed = "error.type" in said or str((span.get("status") or {}).get("code")) == "2"
        sums.measure("requests", Decimal(1))
        sums.measure("failed_requests", Decimal(is_failed))
        sums.measure("input_tokens", fed - cached - written if fed >= cached + written else fed)
        sums.measure("cached_input_tokens", cached)
        sums.measure("cache_write_tokens", written)
        sums.measure(
            "output_tokens", _count(said, f"{usage}output_tokens", f"{usage}completion_tokens")
        )


def _records(text: IO[str], *frames: str) -> Iterator[tuple[Object, Object, Object]]:
    """Yield (resource, scope, record) of every export request."""
    resources, scopes, records = frames
    for request in json_documents(text):
        for resource in request.get(resources) or []:
            for scope in resource.get(scopes) or []:
                for record in scope.get(records) or []:
                    yield resource.get("resource") or {}, scope, record


def _attributes(holder: Object) -> dict[str, str]:
    said = {entry["key"]: _value(entry.get("value")) for entry in holder.get("attributes") or []}
    return {name: text for name, text in said.items() if text}


def _value(value: Any) -> str:
    forms = ("stringValue", "intValue", "doubleValue", "boolValue")
    found = next((value[form] for form in forms if form in (value or {})), "")
    return str(found).lower() if isinstance(found, bool) else str(found).strip()


def _key(said: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(said.items()))


def _count(said: dict[str, str], *names: str) -> Decimal:
    return Decimal(next((said[name] for name in names if name in said), "0"))


READERS = {"events": events, "metrics": metrics, "spans": spans}
