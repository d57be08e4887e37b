"""Where OpenTelemetry exporters post: OTLP over HTTP, in JSON or protobuf, packed or not.

A post is checked, kept as it came and answered; a job books it. Answers are those of OTLP: an
export response, or a google.rpc.Status, in the encoding of the request.
"""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from billing_ingest import inbox, posts
from billing_ingest.connector import BadBodyError
from billing_ingest.export_requests import JSON, PROTOBUF, Judged, decode, judge
from billing_ingest.registry import CONNECTORS, connector
from billing_ingest.webhooks import body_of
from finops.ledger.models import Source
from finops.ledger.tokens import source_of_token

UNPACKED_MAX = 64 * 1024 * 1024
RETRY_SECONDS = 30
COMMAND = Path(__file__).parent / "local_logs" / "outlay_local.py"
BLOCK = 1024 * 1024
# HTTP status -> code of google.rpc.Code
RPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 413: 8, 415: 3, 429: 8, 503: 14}
REJECTED = {
    "logs": "rejectedLogRecords", "metrics": "rejectedDataPoints", "traces": "rejectedSpans",
}  # fmt: skip


@dataclass
class NotTakenError(Exception):
    """A post that is not taken: HTTP status and the reason in words."""

    status: int
    message: str


@csrf_exempt
@login_not_required
def otlp(request: HttpRequest, kind: str) -> HttpResponse:
    """Take an export request of one kind: logs, metrics or traces."""
    content_type = content_type_of(request)
    try:
        if request.method != "POST":
            raise NotTakenError(405, "Export requests are posted.")
        source = source_of(request, "otlp")
        if content_type not in (JSON, PROTOBUF):
            raise NotTakenError(415, f"The body must be {JSON} or {PROTOBUF}.")
        body = unpacked_body(request)
        judged = judge(kind, decode(kind, content_type, body))
        if judged.kept:
            posts.accept(source, kind, content_type, body, timezone.now())
    except BadBodyError as error:
        return refusal(NotTakenError(400, str(error)), content_type)
    except NotTakenError as error:
        return refusal(error, content_type)
    except posts.BacklogError:
        return refusal(NotTakenError(429, "Too much waits here. Come again."), content_type)
    return HttpResponse(export_response(kind, content_type, judged), content_type=content_type)


def content_type_of(request: HttpRequest) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def source_of(request: HttpRequest, *slugs: str) -> Source:
    """Return the source whose token is in a header. Raises NotTakenError."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    token = (
        given.strip() if scheme.lower() == "bearer" else request.headers.get("x-outlay-token", "")
    )
    source = source_of_token(token.strip(), timezone.now())
    if source is None:
        raise NotTakenError(401, "Send a valid ingest token of a source as Authorization: Bearer.")
    if source.connector not in slugs or connector(source.connector).posted is None:
        label = connector(source.connector).label if source.connector in CONNECTORS else "another"
        raise NotTakenError(403, f"This token is for {label}, which is posted elsewhere.")
    return source


def unpacked_body(request: HttpRequest) -> bytes:
    """Return the body without its compression, within the limits. Raises NotTakenError."""
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise NotTakenError(415, "The body may be packed with gzip only.")
    try:
        body = body_of(request)
    except inbox.RefusedError as error:
        raise NotTakenError(error.status, str(error)) from None
    return unzipped(body) if encoding == "gzip" else body


def unzipped(packed: bytes) -> bytes:
    """Unpack gzip, one member after another, and stop at the limit."""
    parts, size, rest = [], 0, packed
    try:
        while rest:
            stream = zlib.decompressobj(wbits=31)
            part = stream.decompress(rest, UNPACKED_MAX - size + 1)
            parts.append(part)
            size += len(part)
            if size > UNPACKED_MAX:
                raise NotTakenError(413, f"The body unpacks to more than {UNPACKED_MAX} bytes.")
            if not stream.eof:
                raise BadBodyError("The packed body is cut off.")
            rest = stream.unused_data
    except zlib.error:
        raise BadBodyError("The body is not gzip.") from None
    return b"".join(parts)


@csrf_exempt
@login_not_required
def counters(request: HttpRequest) -> HttpResponse:
    """Take the sums that the command on a user's machine adds up."""
    try:
        if request.method != "POST":
            raise NotTakenError(405, "Sums are posted.")
        source = source_of(request, "claude_code_local", "codex_local")
        if content_type_of(request) != JSON:
            raise NotTakenError(415, f"The body must be {JSON}.")
        body = unpacked_body(request)
        posted = connector(source.connector).posted
        found = posted.lines("counters", JSON, body) if posted else []
        if found and f'"tool": "{source.connector.removesuffix("_local")}"' not in found[0]:
            raise NotTakenError(403, "This token is for the sessions of another tool.")
        if found:
            posts.accept(source, "counters", JSON, body, timezone.now())
    except BadBodyError as error:
        return refusal(NotTakenError(400, str(error)), JSON)
    except NotTakenError as error:
        return refusal(error, JSON)
    except posts.BacklogError:
        return refusal(NotTakenError(429, "Too much waits here. Come again."), JSON)
    return JsonResponse({"objects": len(found)})


@login_not_required
@require_GET
def command(request: HttpRequest) -> HttpResponse:
    """The command itself: one file for the user's machine, without a secret in it."""
    return HttpResponse(COMMAND.read_bytes(), content_type="text/x-python; charset=utf-8")


# --- answers -------------------------------------------------------------------------------


def export_response(kind: str, content_type: str, judged: Judged) -> bytes:
    """An empty response when all was taken, else how many records were not, and why."""
    if content_type == JSON:
        if not judged.rejected:
            return b"{}"
        said = {REJECTED[kind]: str(judged.rejected), "errorMessage": judged.reason}
        return json.dumps({"partialSuccess": said}).encode()
    if not judged.rejected:
        return b""
    partial = number_field(1, judged.rejected) + text_field(2, judged.reason)
    return bytes_field(1, partial)


def refusal(error: NotTakenError, content_type: str) -> HttpResponse:
    """A google.rpc.Status in the encoding of the request, JSON for what we do not know."""
    code = RPC_CODES[error.status]
    headers: dict[str, Any] = {}
    if error.status == 429:
        headers["Retry-After"] = str(RETRY_SECONDS)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status == 405:
        headers["Allow"] = "POST"
    if content_type == PROTOBUF:
        body = number_field(1, code) + text_field(2, error.message)
    else:
        content_type = JSON
        body = json.dumps({"code": code, "message": error.message}).encode()
    return HttpResponse(body, status=error.status, content_type=content_type, headers=headers)


def number_field(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def text_field(number: int, value: str) -> bytes:
    return bytes_field(number, value.encode())


def bytes_field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    """A whole number as protobuf writes it: seven bits a byte, the smallest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
