"""Pulls the reports of an organisation through the Admin API, whole windows at a time."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from billing_ingest.connector import Fetched, Outside
from finops.outside.http import Http, HttpError, Params, Response

HOME = "https://api.anthropic.com"
VERSION = "2023-06-01"
LONGEST_WINDOW = timedelta(days=31)  # the most daily buckets that one answer may hold
MOST_PAGES = 1000
COST_GROUPS = ["workspace_id", "description"]
USAGE_GROUPS = [
    "account_id",
    "api_key_id",
    "model",
    "service_account_id",
    "service_tier",
    "workspace_id",
]


class Api:
    """The Admin API of one organisation."""

    def __init__(self, http: Http, config: dict[str, Any], admin_key: str) -> None:
        self.http = http
        self.home = str(config.get("api_url") or HOME).rstrip("/")
        self.headers = {"x-api-key": admin_key, "anthropic-version": VERSION}

    def pages(self, path: str, params: Params, cursor: str) -> list[Response]:
        """Return all pages of a report, or raise HttpError: part of a report is no report.

        cursor: the parameter that names the next page (`page`, or `after_id` for lists).
        """
        found: list[Response] = []
        seen: set[str] = set()
        following: dict[str, str] = {}
        while len(found) < MOST_PAGES:
            answer = self.http.get(f"{self.home}{path}", {**params, **following}, self.headers)
            page = _page_of(answer, path)
            found.append(answer)
            if not page.get("has_more"):
                return found
            token = page.get("next_page" if cursor == "page" else "last_id")
            if not isinstance(token, str) or not token:
                raise _bad(path, "says there is more but not where")
            if token in seen:
                raise _bad(path, "names the same next page twice")
            seen.add(token)
            following = {cursor: token}
        raise _bad(path, f"has more than {MOST_PAGES} pages")


def fetch(outside: Outside, first_day: date, end_day: date) -> Iterator[Fetched]:
    """Yield the members, and for each window of up to 31 days usage, costs and Claude Code.

    Claude Code comes last: an organisation without it still gets its costs.
    """
    api = Api(outside.http, outside.config, outside.secret)
    members = api.pages("/v1/organizations/users", {"limit": 1000}, "after_id")
    yield _delivery("users", "users.json", {}, members)
    for start, end in _windows(first_day, end_day):
        yield from _report(api, "usage_report_messages", USAGE_GROUPS, start, end)
        yield from _report(api, "cost_report", COST_GROUPS, start, end)
    if outside.config.get("claude_code", True):
        for start, end in _windows(first_day, end_day):
            yield from _claude_code(api, start, end)


def _report(
    api: Api, document: str, groups: list[str], start: date, end: date
) -> Iterator[Fetched]:
    """Yield one report of daily buckets, unless nothing at all was used."""
    path = "/v1/organizations/" + document.replace("usage_report_", "usage_report/")
    asked: Params = {
        "starting_at": f"{start}T00:00:00Z",
        "ending_at": f"{end}T00:00:00Z",
        "bucket_width": "1d",
        "limit": LONGEST_WINDOW.days,
        "group_by[]": groups,
    }
    pages = api.pages(path, asked, "page")
    buckets = [bucket for page in pages for bucket in page.json()["data"]]
    if not buckets:
        raise _bad(path, f"has no day between {start} and {end}")
    if any(bucket["results"] for bucket in buckets):
        name = f"{document}_{start}_{end}.json"
        yield _delivery(document, name, {"group_by": groups}, pages)


def _claude_code(api: Api, start: date, end: date) -> Iterator[Fetched]:
    """Yield the activity of a window; the API gives it day by day."""
    document, path = "usage_report_claude_code", "/v1/organizations/usage_report/claude_code"
    pages: list[Response] = []
    for offset in range((end - start).days):
        day = start + timedelta(days=offset)
        pages += api.pages(path, {"starting_at": day.isoformat(), "limit": 1000}, "page")
    if any(page.json()["data"] for page in pages):
        yield _delivery(document, f"{document}_{start}_{end}.json", {}, pages)


def _delivery(
    document: str, filename: str, asked: dict[str, Any], pages: list[Response]
) -> Fetched:
    """Put pages together, each byte as it came, after a note of what they were asked for.

    The note matters: a null workspace means "the default one" only when grouped by workspace.
    """
    note = json.dumps({"asked": asked}).encode()
    body = b"[" + b",\n".join([note, *(page.body for page in pages)]) + b"]\n"
    return Fetched(filename, body, document)


def _windows(first_day: date, end_day: date) -> Iterator[tuple[date, date]]:
    while first_day < end_day:
        end = min(first_day + LONGEST_WINDOW, end_day)
        yield first_day, end
        first_day = end


def _page_of(answer: Response, path: str) -> dict[str, Any]:
    page = answer.json()
    if not isinstance(page, dict) or not isinstance(page.get("data"), list):
        raise _bad(path, "has no list of data")
    return page


def _bad(path: str, words: str) -> HttpError:
    return HttpError(f"The answer of {path} {words}", permanent=True, code="bad_answer")
