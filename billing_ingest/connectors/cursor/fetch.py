"""Pulls a Cursor team's members, events, daily figures and spend through its Admin API."""

import base64
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from billing_ingest.connector import Fetched, Outside
from billing_ingest.paging import bad_answer
from finops.outside.http import HttpError, Response

HOME = "https://api.cursor.com"
LONGEST_WINDOW = timedelta(days=30)
PAGE_SIZE = 500
MOST_PAGES = 2000
Object = dict[str, Any]


class Api:
    """The Admin API of one team. Its key is the name of a user without a password."""

    def __init__(self, outside: Outside) -> None:
        self.http = outside.http
        self.home = str(outside.config.get("api_url") or HOME).rstrip("/")
        credential = base64.b64encode(f"{outside.secret}:".encode()).decode()
        self.headers = {"authorization": f"Basic {credential}"}

    def get(self, path: str) -> Response:
        return self.http.get(f"{self.home}{path}", None, self.headers)

    def pages(
        self, path: str, asked: Object, name: str, goes_on: Callable[[Object, int], bool]
    ) -> list[Response]:
        """Return all pages, or raise HttpError: part of an answer is no answer."""
        found: list[Response] = []
        while len(found) < MOST_PAGES:
            number = len(found) + 1
            body = asked | {"page": number, "pageSize": PAGE_SIZE}
            answer = self.http.post(f"{self.home}{path}", body, self.headers)
            page = _page_of(answer, name, path)
            pagination = page.get("pagination") or {}
            shown = pagination.get("currentPage", pagination.get("page", number))
            if shown != number:
                raise bad_answer(path, f"is page {shown} where page {number} was asked for")
            if found and page[name] and answer.body == found[-1].body:
                raise bad_answer(path, "gives the same page twice")
            found.append(answer)
            if not goes_on(page, number):
                return found
        raise bad_answer(path, f"has more than {MOST_PAGES} pages")


def fetch(outside: Outside, first_day: date, end_day: date) -> Iterator[Fetched]:
    """Yield the members, for each window of up to 30 days events and daily figures, and the spend."""
    api = Api(outside)
    members = api.get("/teams/members")
    _page_of(members, "teamMembers", "/teams/members")
    yield Fetched("members.json", members.body, "members")
    for start, end in _windows(first_day, end_day):
        yield from _events(api, start, end)
    for start, end in _windows(first_day, end_day):
        yield from _daily(api, start, end)
    yield from _spend(api, end_day)


def _events(api: Api, start: date, end: date) -> Iterator[Fetched]:
    path = "/teams/filtered-usage-events"
    pages = api.pages(path, _span(start, end), "usageEvents", _has_next)
    found = [page.json() for page in pages]
    said, events = found[-1].get("totalUsageEventsCount"), _different(found)
    if isinstance(said, int) and said != events:
        words = f"The answer of {path} has {events} events and says there are {said}"
        raise HttpError(words, permanent=False, code="vendor_total_mismatch")
    if events:
        yield Fetched(f"usage_events_{start}_{end}.json", _array(pages), "usage_events")


def _different(pages: list[Object]) -> int:
    """Count events. Equal ones of one page are several; an event that moved to the next page is one."""
    most: Counter[tuple[Any, ...]] = Counter()
    for page in pages:
        most |= Counter(
            (
                str(event.get("userEmail")).strip().lower(),
                event.get("timestamp"),
                event.get("model"),
            )
            for event in page["usageEvents"]
        )
    return most.total()


def _daily(api: Api, start: date, end: date) -> Iterator[Fetched]:
    pages = api.pages("/teams/daily-usage-data", _span(start, end), "data", _has_next)
    if any(row.get("isActive", True) for page in pages for row in page.json()["data"]):
        yield Fetched(f"daily_usage_{start}_{end}.json", _array(pages), "daily_usage")


def _spend(api: Api, end: date) -> Iterator[Fetched]:
    """Yield the cycle so far; the vendor has no other one."""
    pages = api.pages(
        "/teams/spend", {}, "teamMemberSpend",
        lambda page, number: number < int(page.get("totalPages") or 1),
    )  # fmt: skip
    if any(page.json()["teamMemberSpend"] for page in pages):
        yield Fetched(f"spend_{end}.json", _array(pages), "spend")


def _has_next(page: Object, number: int) -> bool:
    return bool((page.get("pagination") or {}).get("hasNextPage"))


def _array(pages: list[Response]) -> bytes:
    return b"[" + b",\n".join(page.body.strip() for page in pages) + b"]\n"


def _span(start: date, end: date) -> dict[str, int]:
    """Return the days as the API asks for them: milliseconds, the last one included."""
    return {"startDate": _milliseconds(start), "endDate": _milliseconds(end) - 1}


def _milliseconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def _windows(first_day: date, end_day: date) -> Iterator[tuple[date, date]]:
    while first_day < end_day:
        end = min(first_day + LONGEST_WINDOW, end_day)
        yield first_day, end
        first_day = end


def _page_of(answer: Response, name: str, path: str) -> Object:
    page = answer.json()
    if not isinstance(page, dict) or not isinstance(page.get(name), list):
        raise bad_answer(path, f"has no list of {name}")
    if not all(isinstance(row, dict) for row in page[name]):
        raise bad_answer(path, f"has something else among its {name}")
    return page
