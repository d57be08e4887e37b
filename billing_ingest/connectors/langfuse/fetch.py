"""Pulls a project's observations that used a model, day by day."""

import base64
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from billing_ingest.connector import Fetched, Outside
from billing_ingest.paging import bad_answer
from finops.outside.http import Params, Response

HOME = "https://cloud.langfuse.com"
PATH = "/api/public/v2/observations"
MOST_PAGES = 2000
PAGE_SIZE = 1000


def fetch(outside: Outside, first_day: date, end_day: date) -> Iterator[Fetched]:
    """Yield one delivery per day on which a model was used."""
    for offset in range((end_day - first_day).days):
        day = first_day + timedelta(days=offset)
        pages = _pages(outside, day)
        if any(page.json()["data"] for page in pages):
            body = b"[" + b",\n".join(page.body.strip() for page in pages) + b"]\n"
            yield Fetched(f"observations_{day}.json", body, "observations")


def _pages(outside: Outside, day: date) -> list[Response]:
    """Return all pages, or raise HttpError: part of an answer is no answer."""
    home = str(outside.config.get("api_url") or HOME).rstrip("/")
    public = str(outside.config.get("public_key") or "")
    pair = f"{public}:{outside.secret}" if public else outside.secret
    headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    asked: Params = {
        "fromStartTime": f"{day}T00:00:00Z", "toStartTime": f"{day + timedelta(days=1)}T00:00:00Z",
        "type": "GENERATION", "limit": PAGE_SIZE,
        "fields": "core,basic,time,model,usage,metadata,trace_context",
    }  # fmt: skip
    found: list[Response] = []
    seen: set[str] = set()
    cursor = ""
    while len(found) < MOST_PAGES:
        more = {"cursor": cursor} if cursor else {}
        answer = outside.http.get(f"{home}{PATH}", {**asked, **more}, headers)
        page = answer.json()
        if not isinstance(page, dict) or not isinstance(page.get("data"), list):
            raise bad_answer(PATH, "has no list of data")
        found.append(answer)
        meta: Any = page.get("meta") or {}
        cursor = str(meta.get("cursor") or "")
        if not cursor:
            return found
        if cursor in seen:
            raise bad_answer(PATH, "names the same next page twice")
        seen.add(cursor)
    raise bad_answer(PATH, f"has more than {MOST_PAGES} pages")
