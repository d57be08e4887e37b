"""Pulls look-ups, usage and costs of an organisation through the Admin API."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from billing_ingest.connector import Fetched, Outside
from billing_ingest.connectors.openai.kinds import KINDS
from billing_ingest.paging import Api, Cursor, bad_answer, delivery
from finops.outside.http import HttpError, Params, Response

HOME = "https://api.openai.com"
LIST = Cursor("last_id", "after")
LONGEST_WINDOW = timedelta(days=31)  # the most daily buckets of usage that one answer may hold
# A month is billed in its last days and soon after: in this week of the next one it is read whole.
CLOSING_DAYS = 7
# What a question may be grouped by differs between organisations: the finest that is answered counts.
COST_GROUPS = (
    ("project_id", "line_item", "api_key_id"),
    ("project_id", "line_item"),
    ("line_item",),
    (),
)


def fetch(outside: Outside, first_day: date, end_day: date) -> Iterator[Fetched]:
    """Yield users, projects and keys, then usage of every kind and costs, by windows of 31 days."""
    home = str(outside.config.get("api_url") or HOME).rstrip("/")
    api = Api(
        outside.http, f"{home}/v1/organization", {"authorization": f"Bearer {outside.secret}"}
    )
    yield from _lookups(api)
    for start, end in _windows(_first_of_closing_month(first_day, end_day), end_day):
        for kind in KINDS:
            document = f"usage_{kind.name}"
            yield from _report(api, f"/usage/{kind.name}", document, kind.groupings, start, end)
        yield from _report(api, "/costs", "costs", COST_GROUPS, start, end)


def _first_of_closing_month(first_day: date, end_day: date) -> date:
    """Return the first day to read: that of the month before while that month may still change."""
    if end_day.day > CLOSING_DAYS:
        return first_day
    month_before = (end_day.replace(day=1) - timedelta(days=1)).replace(day=1)
    return min(first_day, month_before)


def _lookups(api: Api) -> Iterator[Fetched]:
    """Yield who and what the ids in usage and costs stand for, archived projects included."""
    users = api.pages("/users", {"limit": 100}, LIST)
    if _has_data(users):
        yield delivery("users", "users.json", users)
    projects = api.pages("/projects", {"limit": 100, "include_archived": "true"}, LIST)
    if not _has_data(projects):
        return
    yield delivery("projects", "projects.json", projects)
    keys: list[Response | dict[str, object]] = []
    for project in (project for page in projects for project in page.json()["data"]):
        found = _keys_of(api, str(project["id"]))
        if _has_data(found):
            keys += [{"asked": {"project_id": project["id"]}}, *found]
    if keys:
        yield delivery("api_keys", "api_keys.json", keys)
    admin = api.pages("/admin_api_keys", {"limit": 100}, LIST)
    if _has_data(admin):
        yield delivery("api_keys", "admin_api_keys.json", admin)


def _keys_of(api: Api, project: str) -> list[Response]:
    """Return the pages of a project's keys; none when the project is gone by now."""
    try:
        return api.pages(f"/projects/{project}/api_keys", {"limit": 100}, LIST)
    except HttpError as error:
        if error.status == 404:
            return []
        raise


def _report(
    api: Api, path: str, document: str, groupings: Sequence[Sequence[str]], start: date, end: date
) -> Iterator[Fetched]:
    """Yield one report of daily buckets, unless nothing was used or it is not offered (404)."""
    for place, groups in enumerate(groupings):
        try:
            pages = api.pages(path, _asked(groups, start, end))
        except HttpError as error:
            if error.status == 404:
                return
            if error.status == 400 and place + 1 < len(groupings):
                continue
            raise
        break
    buckets = [bucket for page in pages for bucket in page.json()["data"]]
    for bucket in buckets:
        if not isinstance(bucket, dict) or not isinstance(bucket.get("results"), list):
            raise bad_answer(path, "has a day without a list of results")
    if any(bucket["results"] for bucket in buckets):
        note = {"asked": {"group_by": list(groups)}}
        yield delivery(document, f"{document}_{start}_{end}.json", [note, *pages])


def _asked(groups: Sequence[str], start: date, end: date) -> Params:
    asked: dict[str, str | int | list[str]] = {
        "start_time": _unix(start),
        "end_time": _unix(end),
        "bucket_width": "1d",
        "limit": LONGEST_WINDOW.days,
    }
    return asked | ({"group_by": list(groups)} if groups else {})


def _unix(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _windows(first_day: date, end_day: date) -> Iterator[tuple[date, date]]:
    while first_day < end_day:
        end = min(first_day + LONGEST_WINDOW, end_day)
        yield first_day, end
        first_day = end


def _has_data(pages: Sequence[Response]) -> bool:
    return any(page.json()["data"] for page in pages)
