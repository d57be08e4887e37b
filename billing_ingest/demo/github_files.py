"""GitHub's list of pull requests, as `GET /repos/{owner}/{repo}/pulls?state=all` answers."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from billing_ingest.demo.calendar import stamp
from billing_ingest.demo.company import GITHUB_OWNER
from billing_ingest.demo.dice import dice
from billing_ingest.demo.pull_requests import PullRequest
from billing_ingest.demo.titles import body_of, merge_sha

Record = dict[str, Any]
LABELS = {"fix": ("bug", "d73a4a"), "revert": ("revert", "b60205")}
LINES = 110  # of a pull request of middling size
FIRST_ID = 2_190_000_000


def changed_in(work: Iterable[PullRequest], start: datetime, end: datetime) -> list[Record]:
    """Return the pull requests opened or ended in [start, end), as they stood at its end."""
    changed = [
        pull_request
        for pull_request in work
        if start <= pull_request.created_at < end or start <= pull_request.ended_at < end
    ]
    changed.sort(key=lambda pull_request: (pull_request.repo, pull_request.number))
    return [_record(pull_request, end) for pull_request in changed]


def _record(pull_request: PullRequest, as_of: datetime) -> Record:
    """Return a pull request as its own page shows it: with its size, without reviews."""
    repo, number = pull_request.repo, pull_request.number
    has_ended = pull_request.ended_at < as_of
    ended = stamp(pull_request.ended_at) if has_ended else None
    updated = pull_request.ended_at if has_ended else pull_request.created_at
    id_ = FIRST_ID + _stable(pull_request.key, 900_000_000)
    return {
        "url": f"https://api.github.com/repos/{repo}/pulls/{number}",
        "id": id_,
        "node_id": f"PR_kwDO{id_:x}",
        "html_url": f"https://github.com/{repo}/pull/{number}",
        "number": number,
        "state": "closed" if has_ended else "open",
        "locked": False,
        "title": pull_request.topic,
        "user": _user(pull_request.author.login),
        "body": body_of(pull_request),
        "created_at": stamp(pull_request.created_at),
        "updated_at": stamp(updated),
        "closed_at": ended,
        "merged_at": ended if pull_request.is_merged else None,
        "merge_commit_sha": merge_sha(pull_request),
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": _labels(pull_request),
        "milestone": None,
        "draft": False,
        "additions": lines_added(pull_request),
        "deletions": lines_added(pull_request) // 4,
        "head": _end(pull_request, pull_request.branch, "head"),
        "base": _end(pull_request, "main", "base"),
        "author_association": "MEMBER",
        "auto_merge": None,
        "active_lock_reason": None,
    }


def lines_added(pull_request: PullRequest) -> int:
    """Larger work has more lines, but not strictly: the same lines may be hard or easy."""
    return max(
        1, round(LINES * pull_request.size * (0.5 + dice("lines", pull_request.key).random()))
    )


def _end(pull_request: PullRequest, ref: str, side: str) -> Record:
    return {
        "label": f"{GITHUB_OWNER}:{ref}",
        "ref": ref,
        "sha": dice(side, pull_request.key).randbytes(20).hex(),
        "repo": _repo(pull_request.repo),
    }


def _repo(full_name: str) -> Record:
    return {
        "id": 700_000_000 + _stable(full_name, 90_000_000),
        "name": full_name.split("/")[1],
        "full_name": full_name,
        "private": True,
        "default_branch": "main",
    }


def _user(login: str) -> Record:
    return {
        "login": login,
        "id": 40_000_000 + _stable(login, 90_000_000),
        "type": "User",
        "site_admin": False,
    }


def _labels(pull_request: PullRequest) -> list[Record]:
    labels = [LABELS[pull_request.purpose]] if pull_request.purpose in LABELS else []
    if pull_request.sessions and pull_request.is_merged:
        labels.append(("claude-code-assisted", "c5def5"))
    return [{"name": name, "color": color, "default": False} for name, color in labels]


def _stable(name: str, below: int) -> int:
    """Return a number that belongs to the name alone."""
    return dice(name).randrange(below)
