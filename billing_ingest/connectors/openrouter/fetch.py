"""Pulls the activity of an account day by day; the vendor keeps it for thirty completed days."""

from collections.abc import Iterator
from datetime import date, timedelta

from billing_ingest.connector import Fetched, Outside
from billing_ingest.paging import bad_answer

HOME = "https://openrouter.ai/api/v1"
PATH = "/activity"


def fetch(outside: Outside, first_day: date, end_day: date) -> Iterator[Fetched]:
    """Yield one delivery per day on which anything was used."""
    home = str(outside.config.get("api_url") or HOME).rstrip("/")
    headers = {"authorization": f"Bearer {outside.secret}"}
    for offset in range((end_day - first_day).days):
        day = first_day + timedelta(days=offset)
        answer = outside.http.get(f"{home}{PATH}", {"date": day.isoformat()}, headers)
        page = answer.json()
        if not isinstance(page, dict) or not isinstance(page.get("data"), list):
            raise bad_answer(PATH, "has no list of data")
        rows = page["data"]
        if not all(isinstance(row, dict) and str(row.get("date"))[:10] == f"{day}" for row in rows):
            raise bad_answer(PATH, f"is not of {day} alone")
        if rows:
            yield Fetched(f"activity_{day}.json", answer.body, "activity")
