"""Pulls a proxy's log: the objects its logger dropped into a bucket, or its API."""

import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from billing_ingest.bundle import bundle
from billing_ingest.connector import Fetched, Outside
from billing_ingest.paging import bad_answer
from finops.outside.files import Bucket
from finops.outside.http import HttpError, Params, Response

PAGE_SIZE = 1000
LIST_SIZE = 100
MOST_PAGES = 5000
PART_SIZE = 1000  # objects


def fetch(outside: Outside, first_day: date, end_day: date) -> Iterator[Fetched]:
    """Yield one delivery per day of the window that has requests; by API also the names."""
    days = [first_day + timedelta(days=n) for n in range((end_day - first_day).days)]
    if outside.config.get("bucket"):
        for day in days:
            yield from _dropped(outside, day)
        return
    api = Api(outside)
    yield from _names(api)
    for day in days:
        yield from _activity(api, day) if api.sums_only else _requests(api, day)


def _dropped(outside: Outside, day: date) -> Iterator[Fetched]:
    """Yield the objects of a day's folder as one file, by key: each holds one request."""
    bucket = outside.bucket()
    prefix = str(outside.config.get("prefix") or "").strip("/")
    folder = f"{prefix}/{day}/".lstrip("/")
    keys = [one.key for one in bucket.list(folder) if one.key.endswith(".json") and one.size_bytes]
    if keys:
        target = Path(tempfile.mkdtemp(dir=outside.folder)) / "parts.zip"
        yield Fetched(f"payloads_{day}.zip", bundle(_parts(bucket, keys), target), "")


def _parts(bucket: Bucket, keys: list[str]) -> Iterator[tuple[str, bytes]]:
    """Read the objects, a thousand to a part, each byte as it came."""
    for number, start in enumerate(range(0, len(keys), PART_SIZE)):
        bodies = [bucket.read(key).strip() for key in keys[start : start + PART_SIZE]]
        yield f"{number:04}.json", b"[" + b",\n".join(bodies) + b"]\n"


class Api:
    """The management API of one proxy."""

    def __init__(self, outside: Outside) -> None:
        self.http = outside.http
        self.home = str(outside.config.get("api_url") or "").rstrip("/")
        if not self.home:
            words = "Name the proxy's address, or the bucket its logger writes to"
            raise HttpError(words, permanent=True, code="needs_address")
        self.sums_only = str(outside.config.get("activity") or "").lower() in ("daily", "yes")
        self.headers = {"authorization": f"Bearer {outside.secret}"}

    def get(self, path: str, params: Params) -> Response:
        return self.http.get(f"{self.home}{path}", params, self.headers)

    def pages(self, path: str, params: Params, name: str) -> list[Response]:
        """Return all pages, or raise HttpError: part of an answer is no answer."""
        found: list[Response] = []
        while len(found) < MOST_PAGES:
            answer = self.get(path, {**params, "page": len(found) + 1})
            page = _page_of(answer, name, path)
            if found and page[name] and answer.body == found[-1].body:
                raise bad_answer(path, "gives the same page twice")
            found.append(answer)
            said = page.get("metadata")
            about = said if isinstance(said, dict) else page
            if len(found) >= int(about.get("total_pages") or 1):
                return found
        raise bad_answer(path, f"has more than {MOST_PAGES} pages")


def _names(api: Api) -> Iterator[Fetched]:
    """Yield keys and users in pages, and teams, where there are any."""
    asked: Params = {"size": LIST_SIZE, "return_full_object": "true"}
    for name, path, params in (
        ("keys", "/key/list", asked),
        ("users", "/user/list", {"page_size": LIST_SIZE}),
    ):
        pages = api.pages(path, params, name)
        if any(page.json()[name] for page in pages):
            yield Fetched(f"{name}.json", _array(pages), name)
    answer = api.get("/team/list", {})
    teams = answer.json()
    if not isinstance(teams, list):
        raise bad_answer("/team/list", "is no list")
    if teams:
        yield Fetched("teams.json", answer.body, "teams")


def _requests(api: Api, day: date) -> Iterator[Fetched]:
    """Yield the rows of a day; the number that the proxy states must come out."""
    path = "/spend/logs/v2"
    asked: Params = {
        "start_date": f"{day} 00:00:00", "end_date": f"{day + timedelta(days=1)} 00:00:00", "page_size": PAGE_SIZE,
    }  # fmt: skip
    pages = api.pages(path, asked, "data")
    rows = [row for page in pages for row in page.json()["data"]]
    total = pages[-1].json().get("total")
    different = len({row.get("request_id") for row in rows if isinstance(row, dict)})
    if total is not None and int(total) != different:
        words = f"The answer of {path} has {different} requests and says there are {total}"
        raise HttpError(words, permanent=False, code="vendor_total_mismatch")
    if rows:
        yield Fetched(f"spend_logs_{day}.json", _array(pages), "spend_logs")


def _activity(api: Api, day: date) -> Iterator[Fetched]:
    path = "/user/daily/activity"
    asked: Params = {"start_date": f"{day}", "end_date": f"{day}", "page_size": PAGE_SIZE}
    pages = api.pages(path, asked, "results")
    about = pages[-1].json().get("metadata") or {}
    if int(about.get("total_api_keys") or 0) > int(about.get("api_key_limit") or MOST_PAGES):
        raise bad_answer(path, "leaves out some of the keys")
    if any(page.json()["results"] for page in pages):
        yield Fetched(f"daily_activity_{day}.json", _array(pages), "daily_activity")


def _array(pages: list[Response]) -> bytes:
    return b"[" + b",\n".join(page.body.strip() for page in pages) + b"]\n"


def _page_of(answer: Response, name: str, path: str) -> dict[str, Any]:
    page = answer.json()
    if not isinstance(page, dict) or not isinstance(page.get(name), list):
        raise bad_answer(path, f"has no list of {name}")
    return page
