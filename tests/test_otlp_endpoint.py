"""The receiver of OpenTelemetry: who may post what, how it is answered, and that nothing is lost."""

import gzip
import json
import logging
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

from billing_ingest import inbox, jobs, posts, telemetry
from billing_ingest.models import Delivery, Job
from finops.ledger.models import Import, IngestToken, Source, Usage
from finops.ledger.tokens import make_token, revoke_token, source_of_token
from finops.outside import archive
from tests.telemetry import claude_call, logs, post, receiver, sent

pytestmark = pytest.mark.django_db
PROTOBUF = "application/x-protobuf"
BODY = logs(claude_call())


@pytest.fixture(autouse=True)
def published(monkeypatch):
    told: list = []
    monkeypatch.setattr(jobs.app, "send_task", lambda *_, **more: told.append(more))
    return told


def as_protobuf(body) -> bytes:
    return ParseDict(body, ExportLogsServiceRequest()).SerializeToString()


def rows():
    return list(Usage.objects.filter(slice__superseded_at=None).order_by("occurred_at", "line"))


# --- what is taken ---------------------------------------------------------------------------


def test_a_post_is_kept_as_it_came_before_it_is_answered():
    source, token = receiver()
    raw = json.dumps(BODY).encode()
    answer = post("logs", raw, token)
    assert (answer.status_code, answer.content) == (200, b"{}")
    assert answer["Content-Type"] == "application/json"
    delivery = Delivery.objects.get()
    assert (delivery.source, delivery.state, delivery.event) == (source, "received", "logs")
    with archive.local_copy(delivery.sha256) as path:
        assert path.read_bytes() == raw
    assert Job.objects.get().kind == "inbox"
    assert Import.objects.count() == 0


def test_a_call_becomes_a_row_of_usage():
    source, token = receiver()
    sent(source, token, "logs", BODY)
    (row,) = rows()
    assert (row.provider, row.model, row.session) == ("anthropic", "claude-sonnet-4-5", "s1")
    assert (row.actor, row.requests) == ("dev@example.com", 1)
    counted = (row.input_tokens, row.cached_input_tokens, row.cache_write_tokens, row.output_tokens)
    assert counted == (120, 51000, 2400, 900)
    assert f"{row.list_cost.normalize():f}" == "0.0421"
    assert Delivery.objects.get().state == "applied"
    assert Job.objects.filter(kind="settle").count() == 1


def test_protobuf_says_the_same_as_json():
    first, first_token = receiver("json")
    second, second_token = receiver("binary")
    sent(first, first_token, "logs", BODY)
    binary = as_protobuf(BODY)
    answer = post("logs", binary, second_token, Content_Type=PROTOBUF)
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, PROTOBUF, b"")
    ExportLogsServiceResponse.FromString(answer.content)
    with archive.local_copy(Delivery.objects.get(source=second).sha256) as path:
        assert path.read_bytes() == binary
    inbox.process(second)
    one, other = (
        Usage.objects.filter(slice__source=source).values_list(
            "input_tokens", "output_tokens", "list_cost", "actor", "session", "tags"
        )
        for source in (first, second)
    )
    assert list(one) == list(other)


@pytest.mark.parametrize("header", ["Authorization", "X_Outlay_Token"])
def test_the_token_comes_in_either_header_and_packed_bodies_are_read(header):
    _, token = receiver()
    given = {header: f"bearer {token}" if header == "Authorization" else token}
    answer = post(
        "logs", gzip.compress(json.dumps(BODY).encode()), Content_Encoding="gzip", **given
    )
    assert answer.status_code == 200
    assert Delivery.objects.count() == 1


def test_what_tells_of_no_call_is_answered_and_not_kept():
    _, token = receiver()
    prompt = {"event.name": "user_prompt", "prompt": "the secret plan"}
    assert post("logs", logs(prompt), token).status_code == 200
    assert post("logs", {}, token).status_code == 200
    assert Delivery.objects.count() == 0


def test_what_people_typed_is_not_in_what_is_booked():
    source, token = receiver()
    sent(source, token, "logs", logs({"event.name": "user_prompt", "prompt": "the secret plan"},
                                     claude_call(prompt="the secret plan", tool_parameters="rm")))  # fmt: skip
    imp = Import.objects.get()
    with archive.local_copy(imp.sha256) as path:
        booked = path.read_text()
    assert "req_1" in booked
    assert "secret plan" not in booked
    assert "rm" not in json.loads(booked)["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]


# --- once ------------------------------------------------------------------------------------


def test_an_exporter_that_tries_again_is_counted_once():
    source, token = receiver()
    for _ in range(3):
        assert post("logs", BODY, token).status_code == 200
    assert Delivery.objects.count() == 1
    assert Job.objects.filter(kind="inbox").count() == 1
    inbox.process(source)
    # The same call again in another request, before and after another one.
    sent(source, token, "logs", logs(claude_call(), claude_call(2)), logs(claude_call(2)))
    assert sum(row.requests for row in rows()) == 2


def test_a_record_that_cannot_be_taken_is_said_and_the_others_count():
    source, token = receiver()
    body = logs(claude_call(), claude_call(2, input_tokens="many"), claude_call(3, at=5))
    answer = post("logs", body, token)
    assert answer.status_code == 200
    assert answer.json() == {
        "partialSuccess": {
            "rejectedLogRecords": "2",
            "errorMessage": "input_tokens is many, not a count.",
        }
    }
    inbox.process(source)
    assert sum(row.requests for row in rows()) == 1


def test_a_partial_success_is_said_in_protobuf_too():
    _, token = receiver()
    body = as_protobuf(logs(claude_call(), claude_call(2, input_tokens=-1)))
    answer = post("logs", body, token, Content_Type=PROTOBUF)
    said = ExportLogsServiceResponse.FromString(answer.content).partial_success
    assert (said.rejected_log_records, said.error_message) == (
        1,
        "input_tokens is -1, not a count.",
    )


def test_posts_that_wait_are_booked_together():
    source, token = receiver()
    sent(source, token, "logs", *(logs(claude_call(number)) for number in range(5)))
    assert Import.objects.count() == 1
    assert sum(row.requests for row in rows()) == 5


def test_the_more_came_today_the_longer_the_pause(monkeypatch):
    source, token = receiver()
    now = timezone.now()
    assert posts.due_at(source, now) == now
    sent(source, token, "logs", BODY)
    last = Import.objects.get().created_at
    assert posts.due_at(source, last) == last + timedelta(seconds=5)
    assert posts.due_at(source, last + timedelta(minutes=1)) == last + timedelta(minutes=1)
    monkeypatch.setattr(posts, "PACE", ((1, timedelta(0)), (9, timedelta(seconds=60))))
    assert posts.due_at(source, last) == last + timedelta(seconds=60)


@pytest.mark.django_db(transaction=True)
def test_a_job_that_is_due_in_a_moment_is_told_for_that_moment(published):
    source, token = receiver()
    sent(source, token, "logs", BODY)
    Job.objects.all().delete()
    published.clear()
    post("logs", logs(claude_call(2)), token)
    (told,) = published
    assert 0 < told["countdown"] <= 5


# --- what is not taken ------------------------------------------------------------------------------


def test_without_a_valid_token_nothing_is_taken():
    _, token = receiver()
    assert post("logs", BODY).status_code == 401
    assert post("logs", BODY, "outlay_wrong").status_code == 401
    assert post("logs", BODY, token[:-1]).status_code == 401
    assert (
        Client().post(f"/otlp/v1/logs?token={token}", "{}", "application/json").status_code == 401
    )
    answer = post("logs", BODY, "wrong", Content_Type=PROTOBUF)
    # google.rpc.Status: code 16 in field 1, a message in field 2.
    assert answer.status_code == 401
    assert (answer["Content-Type"], answer.content[:3]) == (PROTOBUF, b"\x08\x10\x12")
    assert answer["WWW-Authenticate"] == "Bearer"
    assert post("logs", BODY).json()["code"] == 16
    assert Delivery.objects.count() == 0


def test_a_token_of_another_kind_of_source_opens_nothing_here():
    _, token = receiver("local", "focus")
    assert post("logs", BODY, token).status_code == 403


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"no json", {}, 400),
        (b"[1]", {}, 400),
        (b'{"resourceMetrics": []}', {}, 400),
        (b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [7]}]}]}', {}, 400),
        (b'{"resourceLogs": [{"scopeLogs": 7}]}', {}, 400),
        (b'{"a": NaN}', {}, 400),
        (b"\xff\xff", {"Content_Type": PROTOBUF}, 400),
        (b"no gzip", {"Content_Encoding": "gzip"}, 400),
        (gzip.compress(b"{}" * 99, mtime=0)[:-9], {"Content_Encoding": "gzip"}, 400),
        (b"{}", {"Content_Encoding": "br"}, 415),
        (b"{}", {"Content_Type": "text/plain"}, 415),
        (b"{}", {"Content_Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_a_body_that_is_no_export_request_is_refused_with_the_reason(body, headers, status):
    _, token = receiver()
    answer = post("logs", body, token, **headers)
    assert answer.status_code == status
    assert Delivery.objects.count() == 0
    if answer["Content-Type"] == "application/json":
        assert answer.json()["code"] == 3
        assert answer.json()["message"]


def test_a_body_over_the_limit_is_refused_packed_or_not(monkeypatch):
    _, token = receiver()
    monkeypatch.setattr(inbox, "LARGEST_BYTES", 1000)
    assert post("logs", b" " * 1001, token).status_code == 413
    monkeypatch.setattr(telemetry, "UNPACKED_MAX", 2000)
    bomb = gzip.compress(b" " * 100_000)
    assert len(bomb) < 1000
    assert post("logs", bomb, token, Content_Encoding="gzip").status_code == 413


def test_unpacking_stops_at_the_limit(monkeypatch):
    monkeypatch.setattr(telemetry, "UNPACKED_MAX", 1000)
    assert telemetry.unzipped(gzip.compress(b"x" * 600) + gzip.compress(b"y" * 400))[-1:] == b"y"
    with pytest.raises(telemetry.NotTakenError):
        telemetry.unzipped(gzip.compress(b"x" * 600) + gzip.compress(b"y" * 401))


def test_when_too_much_waits_an_exporter_is_asked_to_come_again(monkeypatch):
    _, token = receiver()
    monkeypatch.setattr(posts, "MOST_WAITING", 1)
    for number in range(2):
        assert post("logs", logs(claude_call(number)), token).status_code == 200
    answer = post("logs", logs(claude_call(9)), token)
    assert (answer.status_code, answer["Retry-After"]) == (429, "30")
    assert answer.json()["code"] == 8
    # What is known is answered as ever.
    assert post("logs", logs(claude_call(0)), token).status_code == 200


def test_other_methods_and_unknown_kinds_are_refused():
    assert Client().get("/otlp/v1/logs").status_code == 405
    assert Client().post("/otlp/v1/profiles").status_code == 404


# --- tokens ----------------------------------------------------------------------------------


def test_a_token_is_kept_as_a_hash_and_never_logged(caplog):
    caplog.set_level(logging.DEBUG)
    _, token = receiver()
    post("logs", BODY, token)
    kept = IngestToken.objects.get()
    assert token not in str(vars(kept))
    assert kept.ending == token[-4:]
    assert kept.last_used_at is not None
    assert token not in caplog.text
    assert token not in str(Delivery.objects.get().headers)


def test_two_tokens_are_valid_while_they_rotate():
    source, first = receiver()
    now = timezone.now()
    second = make_token(source, None, now)
    assert [source_of_token(token, now) for token in (first, second)] == [source, source]
    third = make_token(source, None, now)
    assert [source_of_token(token, now) for token in (first, second, third)] == [
        None, source, source,
    ]  # fmt: skip
    revoke_token(source, IngestToken.objects.get(ending=second[-4:], revoked_at=None).pk, now)
    assert source_of_token(second, now) is None
    other = Source.objects.create(key="other", name="Other", connector="otlp")
    with pytest.raises(IngestToken.DoesNotExist):
        revoke_token(other, IngestToken.objects.filter(revoked_at=None).get().pk, now)
