"""Pulls the reports of an organisation through the Admin and analytics APIs, whole windows at a time."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from billing_ingest.connector import Fetched, Outside
from billing_ingest.paging import Api, Cursor, bad_answer, delivery
from finops.outside.http import HttpError, Params, Response

HOME = "https://api.anthropic.com"
VERSION = "2023-06-01"
ANALYTICS_BETA = "analytics-usage-cost-2026-08-24"
LIST = Cursor("last_id", "after_id")
LONGEST_WINDOW = timedelta(days=31)  # the most daily buckets that one answer may hold
# Analytics are changed for up to 30 days, begin with 2026 and reach back a year.
ANALYTICS_RESTATED = timedelta(days=31)
ANALYTICS_BEGIN = date(2026, 1, 1)
COST_GROUPS = ["workspace_id", "description"]
USAGE_GROUPS = [
    "account_id",
    "api_key_id",
    "model",
    "service_account_id",
    "service_tier",
    "workspace_id",
]
# At most five. Roles overlap and are never asked for: their rows add up to more than the bill.
ANALYTICS_COST_GROUPS = ["actor", "api_key_id", "cost_type", "model", "token_type"]
ANALYTICS_USAGE_GROUPS = ["actor", "api_key_id", "model", "service_tier", "workspace_id"]
REPORTS = ("admin", "analytics")


def fetch(outside: Outside, first_day: date, end_day: date) -> Iterator[Fetched]:
    """Yield look-ups, then usage, costs, analytics and Claude Code by windows of up to 31 days.

    Claude Code comes last: an organisation without it still gets its costs.
    """
    wanted = _wanted(outside.config)
    home = str(outside.config.get("api_url") or HOME).rstrip("/")
    headers = {"x-api-key": outside.secret, "anthropic-version": VERSION}
    api = Api(outside.http, f"{home}/v1/organizations", headers)
    if "admin" in wanted:
        yield from _lookups(api)
        for start, end in _windows(first_day, end_day):
            yield from _report(api, "usage_report_messages", USAGE_GROUPS, start, end)
            yield from _report(api, "cost_report", COST_GROUPS, start, end)
    if "analytics" in wanted:
        beta = Api(outside.http, api.home, headers | {"anthropic-beta": ANALYTICS_BETA})
        first = max(min(first_day, end_day - ANALYTICS_RESTATED), ANALYTICS_BEGIN)
        for start, end in _windows(first, end_day):
            yield from _analytics(beta, "usage", ANALYTICS_USAGE_GROUPS, start, end)
            yield from _analytics(beta, "cost", ANALYTICS_COST_GROUPS, start, end)
    if "admin" in wanted and outside.config.get("claude_code", True):
        for start, end in _windows(first_day, end_day):
            yield from _claude_code(api, start, end)


def _wanted(config: dict[str, Any]) -> set[str]:
    """Return which reports to pull: those of the Admin API unless the settings say otherwise."""
    said = str(config.get("reports") or "admin").lower().replace(",", " ").split()
    if unknown := set(said) - set(REPORTS):
        words = f"Reports may be {' and '.join(REPORTS)}, not {', '.join(sorted(unknown))}"
        raise HttpError(words, permanent=True, code="bad_config")
    return set(said)


def _lookups(api: Api) -> Iterator[Fetched]:
    """Yield members, workspaces and keys: archived and deleted ones too, for old usage names them."""
    yield delivery("users", "users.json", [_note({}), *api.pages("/users", {"limit": 1000}, LIST)])
    archived: Params = {"limit": 1000, "include_archived": "true"}
    for document, asked in (("workspaces", archived), ("api_keys", {"limit": 1000})):
        pages = api.pages(f"/{document}", asked, LIST)
        if any(page.json()["data"] for page in pages):
            yield delivery(document, f"{document}.json", [_note({}), *pages])


def _report(
    api: Api, document: str, groups: list[str], start: date, end: date
) -> Iterator[Fetched]:
    """Yield one report of daily buckets, unless nothing at all was used."""
    path = "/" + document.replace("usage_report_", "usage_report/")
    asked: Params = {
        "starting_at": f"{start}T00:00:00Z",
        "ending_at": f"{end}T00:00:00Z",
        "bucket_width": "1d",
        "limit": LONGEST_WINDOW.days,
        "group_by[]": groups,
    }
    pages = api.pages(path, asked)
    buckets = [bucket for page in pages for bucket in page.json()["data"]]
    if not buckets:
        raise bad_answer(path, f"has no day between {start} and {end}")
    if any(bucket["results"] for bucket in buckets):
        name = f"{document}_{start}_{end}.json"
        yield delivery(document, name, [_note({"group_by": groups}), *pages])


def _analytics(api: Api, kind: str, groups: list[str], start: date, end: date) -> Iterator[Fetched]:
    """Yield the rows of a window, day by day, unless there are none."""
    asked: Params = {
        "starting_at": f"{start}T00:00:00Z",
        "ending_at": f"{end}T00:00:00Z",
        "time_bucket_width": "1d",
        "limit": 1000,
        "group_by[]": groups,
    }
    pages = api.pages(f"/analytics/{kind}", asked)
    if any(page.json()["data"] for page in pages):
        name = f"analytics_{kind}_{start}_{end}.json"
        yield delivery(f"analytics_{kind}", name, [_note({"group_by": groups}), *pages])


def _claude_code(api: Api, start: date, end: date) -> Iterator[Fetched]:
    """Yield the activity of a window; the API gives it day by day."""
    pages: list[Response] = []
    for offset in range((end - start).days):
        day = start + timedelta(days=offset)
        pages += api.pages(
            "/usage_report/claude_code", {"starting_at": day.isoformat(), "limit": 1000}
        )
    if any(page.json()["data"] for page in pages):
        name = f"usage_report_claude_code_{start}_{end}.json"
        yield delivery("usage_report_claude_code", name, [_note({}), *pages])


def _note(asked: dict[str, Sequence[str]]) -> dict[str, Any]:
    """Say what was asked: a null workspace is the default one only in an answer by workspace."""
    return {"asked": asked}


def _windows(first_day: date, end_day: date) -> Iterator[tuple[date, date]]:
    while first_day < end_day:
        end = min(first_day + LONGEST_WINDOW, end_day)
        yield first_day, end
        first_day = end
