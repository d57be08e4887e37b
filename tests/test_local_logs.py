"""The command on a user's machine: what it counts, and that nothing but counts leaves."""

import json
import os
import subprocess

import pytest
from django.test import Client

from billing_ingest import inbox, jobs
from billing_ingest.local_logs import outlay_local
from billing_ingest.models import Delivery
from finops.ledger.models import Import, Slice, Usage
from tests.loading import give
from tests.samples import shared
from tests.telemetry import receiver, sums

pytestmark = pytest.mark.django_db
SECRET = "the secret plan"


@pytest.fixture(autouse=True)
def published(monkeypatch):
    monkeypatch.setattr(jobs.app, "send_task", lambda *_, **__: None)


def answer(number=1, output=40, **changes):
    """A line of an answer, with everything on it that must not leave the machine."""
    plain = {
        "type": "assistant", "timestamp": "2026-05-03T10:00:00.000Z", "sessionId": "s1",
        "requestId": f"req_{number}", "gitBranch": "door", "cwd": "/nowhere/at/home",
        "message": {
            "id": f"msg_{number}", "model": "claude-sonnet-4-5",
            "content": [{"type": "text", "text": SECRET}],
            "usage": {
                "input_tokens": 10, "cache_creation_input_tokens": 30,
                "cache_read_input_tokens": 5, "output_tokens": output,
                "cache_creation": {"ephemeral_1h_input_tokens": 10},
            },
        },
    }  # fmt: skip
    return plain | changes


def totals(number, total, last=None, **changes):
    """A line of Codex with its running total, and the increase when there is one."""
    names = ("input_tokens", "cached_input_tokens", "output_tokens", "total_tokens")
    info = {
        "total_token_usage": dict(zip(names, total, strict=True)),
        "last_token_usage": dict(zip(names, last, strict=True)) if last else None,
    }
    at = f"2026-05-03T10:0{number}:00.000Z"
    return {
        "timestamp": at, "type": "event_msg", "payload": {"type": "token_count", "info": info},
    } | changes  # fmt: skip


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{x if isinstance(x, str) else json.dumps(x)}\n" for x in lines))


def told(capsys, home, tool="claude-code", environ=None, *more):
    """What the command would send."""
    words = [tool, "--url", "https://outlay.test", "--dry-run", "--days", "9999", *more]
    outlay_local.main(words, environ or {}, home)
    return capsys.readouterr().out


def rows(capsys, home, *more, **named):
    objects = json.loads(told(capsys, home, *more, **named))["objects"]
    return {(o["session"], o["day"]): o["rows"] for o in objects}


# --- Claude Code -----------------------------------------------------------------------------


def test_an_answer_on_several_lines_counts_once_with_its_largest_output(tmp_path, capsys):
    write(
        tmp_path / ".claude/projects/p/s1.jsonl", answer(output=1), answer(output=40), answer(2, 7)
    )
    (row,) = rows(capsys, tmp_path)["s1", "2026-05-03"]
    assert row == {
        "hour": "2026-05-03T10:00:00Z", "model": "claude-sonnet-4-5", "repo": "", "branch": "door",
        "requests": 2, "input_tokens": 20, "cached_input_tokens": 10, "cache_write_tokens": 60,
        "cache_write_1h_tokens": 20, "output_tokens": 47,
    }  # fmt: skip


def test_nothing_that_was_typed_or_answered_and_no_path_leaves_the_machine(tmp_path, capsys):
    typed = {"type": "user", "sessionId": "s1", "message": {"content": SECRET, "usage": {}}}
    write(tmp_path / ".claude/projects/p/s1.jsonl", typed, answer(toolUseResult=SECRET))
    sent = told(capsys, tmp_path)
    assert "s1" in sent
    for word in (SECRET, "nowhere", "tmp", os.uname().nodename):
        assert word not in sent


def test_a_side_chain_repeats_calls_of_its_parent(tmp_path, capsys):
    write(
        tmp_path / ".claude/projects/p/s1.jsonl",
        answer(),
        answer(requestId="req_9", isSidechain=True),
        answer(3, isSidechain=True),
    )
    assert rows(capsys, tmp_path)["s1", "2026-05-03"][0]["requests"] == 2


def test_a_resumed_session_counts_what_is_new_in_it(tmp_path, capsys):
    old, new = (tmp_path / f".claude/projects/p/{name}.jsonl" for name in ("s1", "s2"))
    write(old, answer())
    write(new, answer(sessionId="s2"), answer(2, sessionId="s2"))
    os.utime(old, (1, 1))
    found = rows(capsys, tmp_path)
    assert {key[0]: part[0]["requests"] for key, part in found.items()} == {"s1": 1, "s2": 1}


def test_what_is_no_call_and_what_cannot_be_read_is_skipped(tmp_path, capsys):
    synthetic = answer(5)
    synthetic["message"] |= {"model": "<synthetic>"}
    write(
        tmp_path / ".claude/projects/p/s1.jsonl", '{"usage": cut', "[1]", synthetic,
        answer(6, timestamp="yesterday"), answer(7, message="usage"), answer(),
    )  # fmt: skip
    assert rows(capsys, tmp_path)["s1", "2026-05-03"][0]["requests"] == 1


def test_all_configured_folders_are_read_each_once(tmp_path, capsys):
    write(tmp_path / "a/projects/p/s1.jsonl", answer())
    write(tmp_path / "b/projects/p/s2.jsonl", answer(2, sessionId="s2"))
    write(tmp_path / ".claude/projects/p/s3.jsonl", answer(3, sessionId="s3"))
    both = {"CLAUDE_CONFIG_DIR": f"{tmp_path}/a, {tmp_path}/b,{tmp_path}/a"}
    assert {session for session, _ in rows(capsys, tmp_path, "claude-code", both)} == {"s1", "s2"}
    write(tmp_path / ".config/claude/projects/p/s4.jsonl", answer(4, sessionId="s4"))
    assert {session for session, _ in rows(capsys, tmp_path)} == {"s3", "s4"}


def test_the_repository_is_that_of_the_remote_without_credentials(tmp_path, capsys):
    work = tmp_path / "work"
    work.mkdir()
    remote = "https://me:hunter2@github.com/Acme/Web.git"
    for words in (["init", "-q"], ["remote", "add", "origin", remote]):
        subprocess.run(["git", "-C", str(work), *words], check=True)
    write(tmp_path / ".claude/projects/p/s1.jsonl", answer(cwd=str(work)))
    sent = told(capsys, tmp_path)
    assert json.loads(sent)["objects"][0]["rows"][0]["repo"] == "acme/web"
    assert "hunter2" not in sent


def test_a_cost_that_old_versions_wrote_is_kept_exactly(tmp_path, capsys):
    write(tmp_path / ".claude/projects/p/s1.jsonl", answer(costUSD=0.1), answer(2, costUSD=0.2))
    assert rows(capsys, tmp_path)["s1", "2026-05-03"][0]["list_cost"] == "0.300000000"


def test_a_token_is_not_sent_in_clear(tmp_path, capsys):
    with pytest.raises(SystemExit):
        outlay_local.main(["codex", "--url", "http://outlay.test"], {}, tmp_path)
    assert "in clear" in capsys.readouterr().err


# --- Codex -----------------------------------------------------------------------------------


def test_running_totals_of_codex_count_what_they_grew_by(tmp_path, capsys):
    write(
        tmp_path / ".codex/sessions/2026/05/03/rollout-1.jsonl",
        {"type": "session_meta", "payload": {"id": "conv-1", "git": {"branch": "door",
         "repository_url": "git@github.com:Acme/Web.git"}, "instructions": SECRET}},
        {"type": "turn_context", "payload": {"model": "gpt-5.1"}},
        totals(1, (100, 40, 10, 110), (100, 40, 10, 110)),
        totals(2, (100, 40, 10, 110), (100, 40, 10, 110)),
        totals(3, (300, 140, 30, 330)),
        {"type": "event_msg", "payload": {"type": "token_count", "info": None}},
    )  # fmt: skip
    sent = told(capsys, tmp_path, "codex")
    assert SECRET not in sent
    (one,) = json.loads(sent)["objects"]
    assert (one["session"], one["rows"]) == (
        "conv-1",
        [{
            "hour": "2026-05-03T10:00:00Z", "model": "gpt-5.1", "repo": "acme/web",
            "branch": "door", "requests": 2, "input_tokens": 160, "cached_input_tokens": 140,
            "output_tokens": 30,
        }],
    )  # fmt: skip


def test_an_archived_rollout_is_the_same_session(tmp_path, capsys):
    call = totals(1, (100, 40, 10, 110), (100, 40, 10, 110))
    write(tmp_path / "c/sessions/2026/r.jsonl", call)
    write(tmp_path / "c/archived_sessions/r.jsonl", call, totals(2, (110, 40, 10, 120)))
    found = rows(capsys, tmp_path, "codex", {"CODEX_HOME": str(tmp_path / "c")})
    assert found["r", "2026-05-03"][0]["requests"] == 2


# --- sending -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_sums_arrive_once_and_a_day_that_grew_replaces_itself(tmp_path, capsys, live_server):
    source, token = receiver("mine", "claude_code_local")
    (tmp_path / "token").write_text(f"{token}\n")
    log = tmp_path / ".claude/projects/p/s1.jsonl"
    words = ["claude-code", "--url", live_server.url, "--token-file", str(tmp_path / "token"),
             "--email", "Dev@example.com", "--days", "9999"]  # fmt: skip

    def run(*lines):
        write(log, *lines)
        outlay_local.main(words, {}, tmp_path)
        inbox.process(source)
        return capsys.readouterr().out

    assert (
        run(answer(), answer(2, timestamp="2026-05-04T10:00:00Z")) == "Days of sessions sent: 2\n"
    )
    assert sums() == (20, 10, 60, 80)
    assert set(Usage.objects.values_list("actor", "session")) == {("dev@example.com", "s1")}
    assert (
        run(answer(), answer(2, timestamp="2026-05-04T10:00:00Z")) == "Days of sessions sent: 0\n"
    )
    assert Delivery.objects.count() == 1
    assert run(answer(), answer(2, timestamp="2026-05-04T10:00:00Z"), answer(3)) == (
        "Days of sessions sent: 1\n"
    )
    assert sums() == (30, 15, 90, 120)
    assert Slice.objects.filter(superseded_at=None).count() == 2
    (tmp_path / "token").write_text("outlay_wrong")
    with pytest.raises(SystemExit, match="401"):
        run(answer(), answer(4, output=99))


def send(token, body, content_type="application/json"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"}
    return Client().post("/ingest/v1/counters", raw, content_type, headers=headers)


def body(output=10, **changes):
    row = {
        "hour": "2026-05-03T10:00:00Z",
        "model": "gpt-5.1",
        "requests": 1,
        "output_tokens": output,
    }
    one = {"machine": "0123456789ab", "session": "s1", "day": "2026-05-03", "rows": [row]}
    return {"tool": "codex", "objects": [one | changes]}


def test_what_is_no_count_is_left_out_of_what_is_booked():
    source, token = receiver("mine", "codex_local")
    sent = body()
    sent["objects"][0]["rows"][0]["prompt"] = SECRET
    assert send(token, sent).status_code == 200
    inbox.process(source)
    row = Usage.objects.get()
    assert (row.output_tokens, row.actor) == (10, "machine:0123456789ab")
    raw = give(
        "codex_local", json.dumps({"tool": "codex", **sent["objects"][0]}).encode(), "x.jsonl"
    )
    assert raw.state == "loaded"
    assert SECRET not in str(list(Usage.objects.values())) + str(list(Import.objects.values()))


def test_of_two_that_wait_the_later_one_counts():
    source, token = receiver("mine", "codex_local")
    for output in (10, 12):
        assert send(token, body(output)).status_code == 200
    inbox.process(source)
    assert [row.output_tokens for row in Usage.objects.all()] == [12]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"no json", 400),
        ({"objects": []}, 400),
        (body(session="a b"), 400),
        (body(machine="laptop"), 400),
        (body(rows=[{"hour": "2026-05-04T10:00:00Z", "requests": 1}]), 400),
        (body(rows=[{"hour": "2026-05-03T10:00:00Z", "requests": -1}]), 400),
        (body(rows=[{"hour": "2026-05-03T10:00:00Z", "list_cost": "1e9"}]), 400),
        (body() | {"tool": "claude_code"}, 403),
    ],
)
def test_a_body_that_is_not_as_it_must_be_is_refused(sent, status):
    _, token = receiver("mine", "codex_local")
    answered = send(token, sent)
    assert (answered.status_code, Delivery.objects.count()) == (status, 0)
    assert answered.json()["message"]


def test_the_command_is_served_as_it_is():
    found = Client().get("/outlay_local.py")
    assert b"argparse" in found.content
    compile(found.content, "outlay_local.py", "exec")
    assert Client().post("/outlay_local.py").status_code == 405


# --- samples -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connector", "path", "document", "expected"),
    [
        ("claude_code_local", "claude-code-jsonl/session-alpha", "transcript", (600, 70, 75, 250)),
        ("claude_code_local", "claude-code-jsonl/session-beta", "transcript", (130, 40, 15, 60)),
        ("codex_local", "codex-jsonl/session-alpha", "rollout", (2750, 750, None, 425)),
    ],
)
def test_every_sample_becomes_what_it_says_once(connector, path, document, expected):
    found = shared(f"data/spend/{path}.jsonl")
    imp = give(connector, found)
    assert (imp.state, imp.document, imp.errors) == ("loaded", document, [])
    assert sums() == expected
    assert give(connector, found).state == "duplicate"


def test_answers_without_a_time_are_refused_by_line():
    imp = give("claude_code_local", shared("data/spend/claude-code-jsonl/test-transcript.jsonl"))
    assert (imp.state, imp.errors[0]["code"]) == ("refused", "missing_value")
    assert imp.errors[0]["column"] == "timestamp"


@pytest.mark.parametrize(
    "name", ["statusline-test", "statusline-test-opus4", "statusline-test-sonnet4"]
)
def test_the_state_of_a_status_line_is_no_log(name):
    imp = give("claude_code_local", shared(f"data/spend/claude-code-jsonl/{name}.json"))
    assert imp.state == "refused"
    assert "status line" in imp.errors[0]["message"]
