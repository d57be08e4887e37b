"""Pulls the requests of an organisation, day by day; offsets are counted within a day."""

from collections.abc import Iterator
from datetime import date, timedelta

from billing_ingest.connector import Fetched, Outside
from billing_ingest.paging import bad_answer
from finops.outside.http import Response

HOME = "https://api.helicone.ai"
PATH = "/v1/request/query-clickhouse"
PAGE_SIZE = 1000
MOST_PAGES = 2000


def fetch(outside: Outside, first_day: date, end_day: date) -> Iterator[Fetched]:
    """Yield one delivery per day that has requests."""
    for offset in range((end_day - first_day).days):
        day = first_day + timedelta(days=offset)
        pages = _pages(outside, day)
        if any(page.json()["data"] for page in pages):
            body = b"[" + b",\n".join(page.body.strip() for page in pages) + b"]\n"
            yield Fetched(f"requests_{day}.json", body, "requests")


def _pages(outside: Outside, day: date) -> list[Response]:
    """Return all pages, or raise HttpError: part of an answer is no answer."""
    home = str(outside.config.get("api_url") or HOME).rstrip("/")
    headers = {"authorization": f"Bearer {outside.secret}"}
    found: list[Response] = []
    while len(found) < MOST_PAGES:
        asked = {
            "filter": "all",
            "timeFilter": {
                "start": f"{day}T00:00:00Z", "end": f"{day + timedelta(days=1)}T00:00:00Z",
            },
            "sort": {"created_at": "asc"},
            "offset": len(found) * PAGE_SIZE,
            "limit": PAGE_SIZE,
        }  # fmt: skip
        answer = outside.http.post(f"{home}{PATH}", asked, headers)
        page = answer.json()
        if (
            not isinstance(page, dict)
            or page.get("error")
            or not isinstance(page.get("data"), list)
        ):
            raise bad_answer(PATH, "has no list of data")
        if found and page["data"] and answer.body == found[-1].body:
            raise bad_answer(PATH, "gives the same page twice")
        found.append(answer)
        if len(page["data"]) < PAGE_SIZE:
            return found
    raise bad_answer(PATH, f"has more than {MOST_PAGES} pages")
