"""Export requests as they are posted: decoded, judged record by record, cut down to what counts.

A request is {"resourceLogs": [...]}, {"resourceMetrics": [...]} or {"resourceSpans": [...]}: the
JSON form of OTLP, with every number as a string of its own digits. Of a request only the records
and attributes stay that the mappings read; a prompt or a command somebody typed is none of them.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from billing_ingest.connector import BadBodyError

PROTOBUF, JSON = "application/x-protobuf", "application/json"
Object = dict[str, Any]
# kind of post -> (the list of resources, of scopes, of records)
FRAMES = {
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
    "traces": ("resourceSpans", "scopeSpans", "spans"),
}
METERS = {
    "claude_code.token.usage", "claude_code.cost.usage", "gemini_cli.token.usage",
    "codex.turn.token_usage", "gen_ai.client.token.usage",
}  # fmt: skip
EVENTS = {
    "api_request", "api_error", "claude_code.api_request", "claude_code.api_error",
    "codex.sse_event", "codex.api_request", "gemini_cli.api_response", "gemini_cli.api_error",
}  # fmt: skip
OF_RESOURCE = re.compile(
    r"(service\.name|team|team\.id|cost_center|project|user\.email|vcs\.repository\.url\.full|"
    r"vcs\.ref\.head\.name|outlay\.(team|project|repo|branch))$"
)
OF_RECORD = re.compile(
    r"gen_ai\.(?!(input|output)\.messages|system_instructions|prompt|completion|tool\.)|user\.|enduser\.id|"
    r"session\.id|event\.|conversation\.id|organization\.id|installation\.id|"
    r"(model|slug|type|token_type|attempt|auth_mode|auth_type|cost_usd|cost_usd_micros|duration_ms|"
    r"request_id|prompt\.id|prompt_id|speed|query_source|effort|status_code|error\.type|"
    r"http\.response\.status_code|terminal\.type|app\.version|llm\.request\.type)$|\w+_tokens$|\w+_token_count$"
)
COUNT = re.compile(r"\d{1,18}(\.0*)?")
NUMBER = re.compile(r"\d{1,9}(\.\d*)?([eE][-+]?\d{1,3})?")
NANOS = re.compile(r"\d{1,19}")
# 2000 to 2099: a clock that is further off dates nothing.
FIRST_NANO, END_NANO = 946_684_800 * 10**9, 4_102_444_800 * 10**9


@dataclass
class Judged:
    """A request with the records that count, and how many could not be taken, and why."""

    request: Object
    kept: int = 0
    rejected: int = 0
    reason: str = ""

    def reject(self, reason: str) -> None:
        """Count a record that cannot be taken; the first reason is said."""
        self.rejected += 1
        self.reason = self.reason or reason


def decode(kind: str, content_type: str, body: bytes) -> Object:
    """Return the request in JSON form. Raises BadBodyError when the body is none."""
    request = _from_protobuf(kind, body) if content_type == PROTOBUF else _from_json(body)
    frame = FRAMES[kind][0]
    if request and frame not in request:
        raise BadBodyError(f"The body has no {frame}.")
    return request


def judge(kind: str, request: Object) -> Judged:
    """Keep the records that tell of calls, without what the mappings do not read.

    Raises BadBodyError when the frame around the records is not built as it must be.
    """
    resources, scopes, records = FRAMES[kind]
    judged = Judged({resources: []})
    take = {"logs": _log_record, "metrics": _metric, "traces": _span}[kind]
    try:
        for resource in request.get(resources) or []:
            told = resource.get("resource") or {}
            kept_scopes = []
            for scope in resource.get(scopes) or []:
                taken = (take(record, judged) for record in scope.get(records) or [])
                if kept := [record for record in taken if record]:
                    kept_scopes.append({"scope": _scope(scope), records: kept})
            if kept_scopes:
                about = {"attributes": _known(told, OF_RESOURCE)}
                judged.request[resources].append({"resource": about, scopes: kept_scopes})
    except (AttributeError, TypeError, KeyError):
        raise BadBodyError("The body is not built as an export request.") from None
    return judged


def lines_of(kind: str, content_type: str, body: bytes) -> list[str]:
    """Return what of a post counts, as lines of JSON: one or none."""
    judged = judge(kind, decode(kind, content_type, body))
    return [json.dumps(judged.request, ensure_ascii=False)] if judged.kept else []


# --- decoding ------------------------------------------------------------------------------


def _from_json(body: bytes) -> Object:
    try:
        request = DECODER.decode(body.decode())
    except (ValueError, RecursionError) as error:
        raise BadBodyError(f"The body is not JSON: {error}.") from None
    if not isinstance(request, dict):
        raise BadBodyError("The body is not a JSON object.")
    return request


def _plain(digits: str) -> str:
    if len(digits) > 60:
        raise ValueError("a number has too many digits")
    return digits


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


DECODER = json.JSONDecoder(parse_float=_plain, parse_int=_plain, parse_constant=_no_number)


def _from_protobuf(kind: str, body: bytes) -> Object:
    """Decode the binary form. Its library is imported where it is used: pages need none of it."""
    from google.protobuf.json_format import MessageToDict
    from google.protobuf.message import DecodeError

    message = _message(kind)
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise BadBodyError(f"The body is not an export request: {error}.") from None
    request: Object = MessageToDict(message, use_integers_for_enums=True)
    return _with_hex_ids(request) if kind == "traces" else request


def _message(kind: str) -> Any:
    if kind == "logs":
        from opentelemetry.proto.collector.logs.v1 import logs_service_pb2

        return logs_service_pb2.ExportLogsServiceRequest()
    if kind == "metrics":
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2

        return metrics_service_pb2.ExportMetricsServiceRequest()
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

    return trace_service_pb2.ExportTraceServiceRequest()


def _with_hex_ids(request: Object) -> Object:
    """Protobuf's JSON writes bytes in base64, OTLP's JSON the ids of spans in hex."""
    for resource in request.get("resourceSpans", []):
        for scope in resource.get("scopeSpans", []):
            for span in scope.get("spans", []):
                for name in ("traceId", "spanId"):
                    if name in span:
                        span[name] = base64.b64decode(span[name]).hex()
    return request


# --- judging -------------------------------------------------------------------------------


def _log_record(record: Object, judged: Judged) -> Object | None:
    said = {e["key"]: _text(e.get("value")) for e in _entries(record)}
    body = _text(record.get("body"))
    name = said.get("event.name") or record.get("eventName") or body
    if name not in EVENTS:
        return None
    if name == "codex.sse_event" and said.get("event.kind") != "response.completed":
        return None
    nanos = str(record.get("timeUnixNano") or 0)
    if nanos != "0" and not _is_time(nanos):
        judged.reject(f"timeUnixNano {nanos[:30]} is no time of this century.")
        return None
    if nanos == "0" and not (said.get("event.timestamp") or record.get("observedTimeUnixNano")):
        judged.reject("A record has no time.")
        return None
    if wrong := _wrong_number(said):
        judged.reject(wrong)
        return None
    judged.kept += 1
    kept = {
        name: record[name]
        for name in ("timeUnixNano", "observedTimeUnixNano", "eventName")
        if name in record
    }
    return kept | {"body": {"stringValue": name}, "attributes": _known(record, OF_RECORD)}


def _metric(metric: Object, judged: Judged) -> Object | None:
    if metric.get("name") not in METERS:
        return None
    form = next((form for form in ("sum", "histogram") if form in metric), "")
    points = []
    for point in (metric.get(form) or {}).get("dataPoints") or []:
        values = [point[name] for name in ("asInt", "asDouble", "sum", "count") if name in point]
        if not _is_time(str(point.get("timeUnixNano"))):
            judged.reject("A data point has no time of this century.")
        elif not values or not all(NUMBER.fullmatch(_digits(value)) for value in values):
            judged.reject(f"A data point of {metric['name']} has no count.")
        else:
            plain = ("startTimeUnixNano", "timeUnixNano", "asInt", "asDouble", "sum", "count")
            kept = {name: point[name] for name in plain if name in point}
            points.append(kept | {"attributes": _known(point, OF_RECORD)})
    judged.kept += len(points)
    temporality = {"aggregationTemporality": metric.get(form, {}).get("aggregationTemporality")}
    return {"name": metric["name"], form: temporality | {"dataPoints": points}} if points else None


def _span(span: Object, judged: Judged) -> Object | None:
    said = {e["key"]: _text(e.get("value")) for e in _entries(span)}
    if not (said.get("gen_ai.provider.name") or said.get("gen_ai.system")):
        return None
    if not _is_time(str(span.get("startTimeUnixNano"))):
        judged.reject("A span has no time of this century.")
        return None
    counts = {name: text for name, text in said.items() if name.startswith("gen_ai.usage.")}
    if wrong := next((n for n, text in counts.items() if not COUNT.fullmatch(text)), None):
        judged.reject(f"{wrong} is {counts[wrong][:30]}, not a count.")
        return None
    judged.kept += 1
    kept = {
        name: span[name]
        for name in ("traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano")
        if name in span
    }
    status = {"code": (span.get("status") or {}).get("code")}
    return kept | {"status": status, "attributes": _known(span, OF_RECORD)}


def _wrong_number(said: dict[str, str]) -> str | None:
    """Say which count or cost of an event is none."""
    for name, text in said.items():
        is_count = name.endswith(("_tokens", "_token_count")) or name == "cost_usd_micros"
        if is_count and text and not COUNT.fullmatch(text):
            return f"{name} is {text[:30]}, not a count."
        if name == "cost_usd" and text and not NUMBER.fullmatch(text):
            return f"cost_usd is {text[:30]}, not an amount."
    return None


def _is_time(nanos: str) -> bool:
    return bool(NANOS.fullmatch(nanos)) and FIRST_NANO <= int(nanos) < END_NANO


def _scope(scope: Object) -> Object:
    return {"name": (scope.get("scope") or {}).get("name", "")}


def _known(holder: Object, names: re.Pattern[str]) -> list[Object]:
    """Return the attributes of these names, and a hash of the others: two processes or counters
    that differ in those only must not be taken for one."""
    known, rest = [], []
    for entry in _entries(holder):
        if names.match(entry["key"]):
            known.append(entry)
        else:
            rest.append(json.dumps(entry, sort_keys=True))
    if rest:
        digest = hashlib.sha256("\n".join(sorted(rest)).encode()).hexdigest()[:16]
        known.append({"key": "outlay.rest", "value": {"stringValue": digest}})
    return known


def _entries(holder: Object) -> Iterator[Object]:
    for entry in holder.get("attributes") or []:
        if not isinstance(entry["key"], str):
            raise TypeError("a key that is no text")
        yield entry


def _text(value: Any) -> str:
    """Return an attribute's value as text; what is no single value is empty."""
    for form in ("stringValue", "intValue", "doubleValue", "boolValue"):
        if form in (value or {}):
            return _digits(value[form]).strip()
    return ""


def _digits(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
