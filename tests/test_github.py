"""What a pull request says: its state, its people, its keys and what it undoes."""

import json
from typing import Any

import pytest

from billing_ingest.connector import Sniff
from billing_ingest.registry import connector
from tests.mapped import mapped
from tests.samples import shared

SAMPLES = "data/outcomes/github"
SHA = "c0ffee" * 6 + "beef"


def pull(**changes: Any) -> dict[str, Any]:
    """An open pull request as the list shows it."""
    plain = {
        "html_url": "https://github.com/Acme/Web/pull/9",
        "number": 9,
        "state": "open",
        "title": "Add a door",
        "body": None,
        "user": {"login": "Alice", "type": "User"},
        "created_at": "2026-05-02T10:00:00Z",
        "updated_at": "2026-05-03T10:00:00Z",
        "closed_at": None,
        "merged_at": None,
        "merge_commit_sha": "1" * 40,
        "assignees": [],
        "requested_reviewers": [],
        "labels": [],
        "head": side("door"),
        "base": side("main"),
    }
    return plain | changes


def side(ref: str, repo: str | None = "Acme/Web") -> dict[str, Any]:
    return {
        "ref": ref,
        "label": f"Acme:{ref}",
        "sha": "a" * 40,
        "repo": {"full_name": repo} if repo else None,
    }


@pytest.fixture
def item(tmp_path):
    """Map one pull request, or one event with a pull request, to a work item."""

    def run(record: dict[str, Any]) -> dict[str, Any]:
        (row,) = mapped("github", [record], tmp_path, document="pull_requests")
        for name in ("people", "keys", "links", "labels"):
            row[name] = json.loads(row[name])
        return row

    return run


def roles(row: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(who["actor"], who["role"]): who["weight"] for who in row["people"]}


def keys(row: dict[str, Any], type_: str) -> list[str]:
    return [key["value"] for key in row["keys"] if key["type"] == type_]


def links(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(link["type"], link["kind"], link["key"]) for link in row["links"]]


# --- state and names -------------------------------------------------------------------------


def test_an_open_pull_request(item):
    row = item(pull())
    assert row["key"] == "github.com/acme/web#9"
    assert row["external_id"] == "Acme/Web#9"
    assert (row["state"], row["completed_at"], row["closed_at"]) == ("open", None, None)
    assert (row["repo"], row["branch"], row["base_branch"]) == ("acme/web", "door", "main")
    assert keys(row, "pr") == ["acme/web#9", "github.com/acme/web#9"]
    assert keys(row, "commit") == ["a" * 40]
    assert row["started_at"] is None


def test_merged_at_alone_says_that_it_is_done(item):
    when = "2026-05-04T10:00:00Z"
    merged = item(pull(state="closed", closed_at=when, merged_at=when))
    assert (merged["state"], merged["completed_at"], merged["closed_at"]) == ("done", when, None)
    assert keys(merged, "commit") == ["1" * 40, "a" * 40]
    closed = item(pull(state="closed", closed_at=when))
    assert (closed["state"], closed["completed_at"], closed["closed_at"]) == (
        "abandoned",
        None,
        when,
    )


def test_an_event_of_reopening_says_so(item):
    assert item({"action": "reopened", "pull_request": pull()})["state"] == "reopened"
    assert item({"action": "edited", "pull_request": pull()})["state"] == "open"


def test_a_forks_branch_is_not_taken_for_one_of_ours(item):
    assert item(pull(head=side("main", "Eve/Web")))["branch"] == "Acme:main"
    assert item(pull(head=side("main", None)))["branch"] == "Acme:main"


def test_another_host_is_another_pull_request(item):
    row = item(pull(html_url="https://git.acme.test/Acme/Web/pull/9"))
    assert row["key"] == "git.acme.test/acme/web#9"


def test_work_starts_with_the_first_commit(item):
    commits = [
        {"commit": {"message": "b", "author": {"date": "2026-04-29T08:00:00Z"}}},
        {"commit": {"message": "a", "author": {"date": "2026-04-28T08:00:00Z"}}},
    ]
    row = item({"pull_request": pull(), "commits": commits})
    assert row["started_at"] == "2026-04-28T08:00:00Z"


def test_an_absurdly_long_title_is_cut(item):
    assert len(item(pull(title="x" * 9000))["title"]) == 500


# --- people ------------------------------------------------------------------------------------

AI_LINES = """Body.

Co-Authored-By: Claude <noreply@anthropic.com>
Co-authored-by: Claude Opus 4.8 <no-reply@anthropic.com>
Co-authored-by: Copilot <198982749+Copilot@users.noreply.github.com>
Co-authored-by: cursor <cursoragent@cursor.com>
Co-authored-by: dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>
"""


def test_people_and_their_credit(item):
    row = item(
        pull(
            body="x\r\n\r\nCo-authored-by: Bob <Bob@Acme.test>\r\n"
            "Co-authored-by: Carol <12+Carol@users.noreply.github.com>",
            assignees=[{"login": "Dave"}],
            requested_reviewers=[{"login": "Eve"}],
            merged_by={"login": "Frank"},
        )
    )
    assert roles(row) == {
        ("github:alice", "author"): 1,
        ("bob@acme.test", "co_author"): 1,
        ("github:carol", "co_author"): 1,
        ("github:dave", "assignee"): 0,
        ("github:eve", "reviewer"): 0,
        ("github:frank", "merger"): 0,
    }


def test_tools_are_no_people(item):
    assert roles(item(pull(body=AI_LINES))) == {("github:alice", "author"): 1}


@pytest.mark.parametrize(
    "login", ["Copilot", "copilot-swe-agent[bot]", "devin-ai-integration[bot]", "renovate[bot]"]
)
def test_a_bots_work_is_credited_to_the_person_it_works_for(item, login):
    row = item(
        pull(
            user={"login": login, "type": "Bot"},
            assignees=[{"login": login}, {"login": "Dave"}],
            body="Co-authored-by: Bob <bob@acme.test>",
        )
    )
    assert row["is_bot_authored"] == "true"
    assert roles(row) == {
        (f"github:{login.lower()}", "author"): 0,
        ("github:dave", "assignee"): 1,
        ("bob@acme.test", "co_author"): 1,
    }


def test_a_deleted_author_leaves_nobody(item):
    assert item(pull(user=None))["people"] == []


def test_the_first_review_is_anothers(item):
    def review(login):
        when = "2026-05-03T12:00:00Z"
        said = {"user": {"login": login}, "submitted_at": when, "state": "commented"}
        return item({"action": "submitted", "pull_request": pull(), "review": said})

    by_eve = review("Eve")
    assert by_eve["first_review_at"] == by_eve["version_at"] == "2026-05-03T12:00:00Z"
    assert roles(by_eve)["github:eve", "reviewer"] == 0
    assert review("alice")["first_review_at"] is None
    assert review("coderabbitai[bot]")["first_review_at"] is None


# --- sessions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "session"),
    [
        ("Claude-Session: https://claude.ai/code/session_01AbCdEf", "session_01AbCdEf"),
        (
            "Agent-Logs-Url: https://github.com/Acme/Web/sessions/0f0e0d0c-1111-4222-8333-abcdefabcdef",
            "0f0e0d0c-1111-4222-8333-abcdefabcdef",
        ),
        ("[task](https://chatgpt.com/codex/tasks/task_e_12345)", "task_e_12345"),
        ("Link: https://app.devin.ai/sessions/abcdef0123456789", "abcdef0123456789"),
    ],
)
def test_a_session_key_is_found_in_the_body_and_in_commits(item, words, session):
    assert keys(item(pull(body=f"Text\n\n{words}\n")), "session") == [session]
    commits = [{"commit": {"message": f"m\n\n{words}", "author": {"date": "2026-05-01T00:00:00Z"}}}]
    assert keys(item({"pull_request": pull(), "commits": commits}), "session") == [session]


def test_a_mention_of_the_tool_is_no_session(item):
    body = "Generated with [Claude Code](https://claude.ai/code), https://claude.ai/code/docs"
    assert keys(item(pull(body=body)), "session") == []


# --- reverts, fixes, tickets -----------------------------------------------------------------------

OURS = "github.com/acme/web"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"body": "Reverts Acme/Web#12"}, ("reverts", "pull_request", f"{OURS}#12")),
        ({"body": "Why.\r\n\r\nReverts #12\r\n"}, ("reverts", "pull_request", f"{OURS}#12")),
        (
            {"title": 'Revert "Add a door"', "head": side("revert-12-door")},
            ("reverts", "pull_request", f"{OURS}#12"),
        ),
        ({"body": f"This reverts commit {SHA}."}, ("reverts", "commit", SHA)),
        ({"body": f"x\n\nFixes: {SHA}"}, ("fixes", "commit", SHA)),
        ({"title": "PAY-12: add a door"}, ("closes", "ticket", "pay-12")),
        ({"head": side("feature/PAY-12-door")}, ("closes", "ticket", "pay-12")),
        ({"body": "See PAY-12"}, ("closes", "ticket", "pay-12")),
        ({"body": "Closes acme/api#4"}, ("closes", "ticket", "acme/api#4")),
        (
            {"body": "resolves https://github.com/acme/api/issues/4"},
            ("closes", "ticket", "acme/api#4"),
        ),
    ],
)
def test_what_a_pull_request_undoes_or_ends(item, changes, expected):
    assert links(item(pull(**changes))) == [expected]


@pytest.mark.parametrize(
    "words",
    ["fixes PR #3", "Fix #3", "fixed acme/web#3", "fixes https://github.com/acme/web/pull/3"],
)
def test_a_fix_may_mean_an_issue_or_a_pull_request(item, words):
    assert links(item(pull(body=words))) == [
        ("closes", "ticket", "acme/web#3"),
        ("fixes", "pull_request", f"{OURS}#3"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Invoke decRunning() when revertWorker() returns false"},
        {"title": 'Revert "Add a door"'},
        {"title": "Encode as UTF-8, hash with SHA-256"},
        {"body": "<!-- Template: write fixes #123 or PAY-1 -->\nWords."},
        {"body": "prefixes #3, closest #4, fixes nothing"},
        {"body": "This undoes #12. We may revert #12 later."},
        {"body": "fixes #9"},  # itself
        {"head": side("patch-1")},
    ],
)
def test_what_only_looks_like_a_link(item, changes):
    assert links(item(pull(**changes))) == []


def test_the_title_says_which_ticket_before_the_body_does(item):
    row = item(pull(title="PAY-1: door", body="Unlike PAY-2"))
    assert links(row) == [("closes", "ticket", "pay-1")]


# --- real samples ------------------------------------------------------------------------------


def test_a_real_raw_table_of_fifty_pull_requests(tmp_path):
    table = shared(f"{SAMPLES}/devlake_raw_github_api_pull_requests.csv")
    rows = mapped("github", table, tmp_path)
    states = [row["state"] for row in rows]
    assert [states.count(state) for state in ("done", "abandoned", "open")] == [27, 19, 4]
    assert len({row["key"] for row in rows}) == 49  # one was collected twice
    by_number = {row["number"]: row for row in rows}
    assert links({"links": json.loads(by_number["114"]["links"])}) == [
        ("closes", "ticket", "panjf2000/ants#113"),
        ("fixes", "pull_request", "github.com/panjf2000/ants#113"),
    ]


def test_a_raw_cell_that_is_cut_has_no_key(tmp_path):
    table = tmp_path / "raw.csv"
    whole = json.dumps(pull())
    cell, half = (text.replace('"', '""') for text in (whole, whole[:99]))
    table.write_text(f'id,params,data,url\n1,x,"{cell}",u\n2,x,"{half}",u\n')
    rows = mapped("github", table, tmp_path)
    assert [(row["line"], row["key"]) for row in rows] == [(2, f"{OURS}#9"), (3, None)]


def test_every_real_event_is_recognised_for_what_it_is():
    folder = shared(f"{SAMPLES}/octokit_webhook_payloads")
    github = connector("github")
    for path in folder.iterdir():
        sniff = Sniff(path.name, (), path.read_bytes()[:65536])
        names = [doc.name for doc in github.documents if doc.recognise(sniff)]
        assert github.declines
        if path.name.startswith("pull_request_"):
            assert "webhook" in names[:1], path.name
        else:
            assert names == [], path.name
            assert github.declines(sniff), path.name


def test_other_raw_tables_are_declined_in_words():
    github = connector("github")
    assert github.declines
    for path in shared(SAMPLES).glob("*.csv"):
        head = path.read_bytes()[:65536]
        header = tuple(head.decode().splitlines()[0].replace('"', "").split(","))
        sniff = Sniff(path.name, header, head)
        if path.stem.endswith("_pull_requests"):
            assert any(doc.recognise(sniff) for doc in github.documents)
        else:
            assert not any(doc.recognise(sniff) for doc in github.documents), path.name
            assert "something else than pull requests" in str(github.declines(sniff))
