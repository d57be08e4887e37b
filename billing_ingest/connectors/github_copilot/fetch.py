"""Pulls Copilot's seats, its use by day and user, the bill by date, and what each user did."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from billing_ingest.connector import Fetched, Outside
from billing_ingest.paging import bad_answer, linked_pages
from finops.outside.http import HttpError, Params, Response
from finops.periods import add_months

HOME = "https://api.github.com"
VERSION = "2022-11-28"
CREDITS_FROM = date(2026, 6, 1)  # premium requests before, AI credits from then on
ROUNDING = Decimal("0.01")  # amounts come as floats, rounded user by user
Object = dict[str, Any]


@dataclass
class Api:
    """Copilot's billing as one token sees it, of an organisation or an enterprise."""

    outside: Outside
    home: str
    owner: str  # /orgs/acme or /enterprises/acme
    billing: str  # /organizations/acme/settings/billing or the enterprise's
    asked: Object = field(default_factory=dict)  # says whose answers these are

    def get(self, path: str, params: Params | None = None) -> Response:
        return self.outside.http.get(f"{self.home}{path}", params, self.headers)

    def get_address(self, url: str, params: Params | None) -> Response:
        """Ask for a whole address, if it is of this API: the token goes nowhere else."""
        if not url.startswith(f"{self.home}/"):
            raise bad_answer(url, "lies outside the API")
        return self.get(url.removeprefix(self.home), params)

    @property
    def headers(self) -> dict[str, str]:
        return {
            "accept": "application/vnd.github+json",
            "authorization": f"Bearer {self.outside.secret}",
            "x-github-api-version": VERSION,
        }

    @property
    def is_enterprise(self) -> bool:
        return "enterprise" in self.asked


def fetch(outside: Outside, first_day: date, end_day: date) -> Iterator[Fetched]:
    """Yield the seats, for each month the use and the bill, and for each day what users did.

    What users did comes last: it needs a policy that may be off, and the bill does not.
    """
    api = _api(outside)
    seats = _seat_pages(api)
    yield _delivery("seats", f"seats_{end_day}.json", [({}, page) for page in seats])
    logins = sorted({login for page in seats for login in _logins(page)})
    for start, end in _months(first_day, end_day):
        yield from _ai_usage(api, logins, start, end)
        yield from _billing_usage(api, start)
    if _is_on(outside.config.get("usage_metrics")):
        for day in _days(first_day, end_day):
            yield from _user_metrics(api, day)


def _api(outside: Outside) -> Api:
    organization, enterprise = (
        str(outside.config.get(name) or "").strip() for name in ("organization", "enterprise")
    )
    home = str(outside.config.get("api_url") or HOME).rstrip("/")
    if enterprise:
        name = quote(enterprise, safe="")
        path = f"/enterprises/{name}"
        asked = {"enterprise": enterprise}
        return Api(outside, home, path, f"{path}/settings/billing", asked)
    if organization:
        name = quote(organization, safe="")
        asked = {"organization": organization}
        billing = f"/organizations/{name}/settings/billing"
        return Api(outside, home, f"/orgs/{name}", billing, asked)
    raise HttpError(
        "Neither an organisation nor an enterprise is named", permanent=True, code="bad_config"
    )


def _is_on(said: Any) -> bool:
    return str(said if said is not None else "yes").strip().lower() not in (
        "no",
        "false",
        "off",
        "0",
    )


# --- seats ---------------------------------------------------------------------------------------


def _seat_pages(api: Api) -> list[Response]:
    """Return all pages of the list of seats; it says itself how many there are."""
    path = f"{api.owner}/copilot/billing/seats"
    first = f"{api.home}{path}"
    pages = list(linked_pages(api.get_address, first, {"per_page": 100}))
    for answer in pages:
        _listed(answer, "seats", path)
    return _whole(pages, path)


def _whole(pages: list[Response], path: str) -> list[Response]:
    """Return the pages if they hold as many seats as the vendor says there are."""
    found = sum(len(page.json()["seats"]) for page in pages)
    said = pages[-1].json().get("total_seats")
    if isinstance(said, int) and said != found:
        raise _mismatch(path, f"has {found} seats and says there are {said}")
    return pages


def _logins(page: Response) -> Iterator[str]:
    for seat in page.json()["seats"]:
        assignee = seat.get("assignee") if isinstance(seat, dict) else None
        if isinstance(assignee, dict) and isinstance(assignee.get("login"), str):
            yield assignee["login"]


# --- use and bill --------------------------------------------------------------------------------


def _ai_usage(api: Api, logins: list[str], start: date, end: date) -> Iterator[Fetched]:
    """Yield a month's use: of each user by day, and of each day as a whole.

    An answer names neither day nor user, the question does. A user is asked about by day only
    when the month says there was anything. Wholes are asked last: the day may still be growing.
    """
    answers: list[tuple[Object, Response]] = []
    for kind, days in _regimes(start, end):
        path = f"{api.billing}/{kind}/usage"
        for login in logins:
            of_month: Params = {"year": start.year, "month": start.month, "user": login}
            if not _items(api.get(path, of_month), path):
                continue
            for day in days:
                answer = api.get(path, {**_date(day), "user": login})
                if _items(answer, path):
                    answers.append((_date(day) | {"user": login}, answer))
        for day in days:
            whole = api.get(path, _date(day))
            if _items(whole, path):
                answers.append((_date(day), whole))
            _check_users(day, whole, answers, path)
    if answers:
        yield _delivery(
            "ai_usage_days", f"ai_usage_{start}_{end}.json",
            [(api.asked | asked, answer) for asked, answer in answers],
        )  # fmt: skip


def _regimes(start: date, end: date) -> Iterator[tuple[str, list[date]]]:
    """Yield which endpoint bills which days: asking both would count the same use twice."""
    days = list(_days(start, end))
    for kind, of_kind in (
        ("premium_request", [day for day in days if day < CREDITS_FROM]),
        ("ai_credit", [day for day in days if day >= CREDITS_FROM]),
    ):
        if of_kind:
            yield kind, of_kind


def _check_users(
    day: date, whole: Response, answers: list[tuple[Object, Response]], path: str
) -> None:
    """Refuse users who used more of a day than the whole of it."""
    asked = _date(day)
    users = [answer for said, answer in answers if "user" in said and said | asked == said]
    of_users = sum((_gross(answer) for answer in users), Decimal(0))
    if of_users > _gross(whole) + ROUNDING * (len(users) + 1):
        words = f"says {_gross(whole)} for {day}, and its users {of_users}"
        raise _mismatch(path, words)


def _gross(answer: Response) -> Decimal:
    return sum(
        (Decimal(str(item.get("grossAmount") or 0)) for item in answer.json()["usageItems"]),
        Decimal(0),
    )


def _billing_usage(api: Api, month: date) -> Iterator[Fetched]:
    """Yield a month of all products by date, seats among them.

    Of an enterprise that is only what belongs to no cost centre: each of those is asked as well.
    """
    path = f"{api.billing}/usage"
    when: Params = {"year": month.year, "month": month.month}
    answers: list[tuple[Object, Response]] = [(api.asked, api.get(path, when))]
    for center in _cost_centers(api):
        answer = api.get(path, {**when, "cost_center_id": center["id"]})
        answers.append((api.asked | {"cost_center": center}, answer))
    if [item for _, answer in answers for item in _items(answer, path)]:
        yield _delivery("billing_usage", f"billing_usage_{month:%Y-%m}.json", answers)


def _cost_centers(api: Api) -> list[Object]:
    if not api.is_enterprise:
        return []
    path = f"{api.billing}/cost-centers"
    listed = _listed(api.get(path), "costCenters", path)
    return [{"id": str(one["id"]), "name": str(one.get("name") or one["id"])} for one in listed]


# --- what users did ------------------------------------------------------------------------------


def _user_metrics(api: Api, day: date) -> Iterator[Fetched]:
    """Yield a day's report of users. Its links are signed: our token is not for them."""
    path = f"{api.owner}/copilot/metrics/reports/users-1-day"
    answer = api.get(path, {"day": day.isoformat()})
    if not answer.body.strip():
        return  # not ready yet, or nobody did anything
    links = _listed(answer, "download_links", path)
    target = api.outside.folder / f"user_metrics_{day}.ndjson"
    with target.open("wb") as whole:
        for number, link in enumerate(links):
            part = api.outside.folder / f"part_{number}"
            api.outside.http.download(str(link), part)
            whole.write(_lines(part, path))
    if target.stat().st_size:
        yield Fetched(target.name, target, "user_metrics")


def _lines(part: Path, path: str) -> bytes:
    """Return the records of a downloaded file, ended by a line break."""
    body = part.read_bytes().strip()
    if body and not body.startswith((b"{", b"[")):
        raise bad_answer(path, "leads to something that is not JSON")
    return body + b"\n" if body else b""


# --- answers -------------------------------------------------------------------------------------


def _delivery(document: str, filename: str, answers: list[tuple[Object, Response]]) -> Fetched:
    """Put answers together, each with what was asked: the rows say neither day nor user."""
    parts = [
        b'{"asked":' + json.dumps(asked).encode() + b"," + answer.body.strip()[1:]
        for asked, answer in answers
    ]
    return Fetched(filename, b"[" + b",\n".join(parts) + b"]\n", document)


def _items(answer: Response, path: str) -> list[Object]:
    return _listed(answer, "usageItems", path)


def _listed(answer: Response, name: str, path: str) -> list[Any]:
    page = answer.json()
    if not isinstance(page, dict) or not isinstance(page.get(name), list):
        raise bad_answer(path, f"has no list of {name}")
    found: list[Any] = page[name]
    return found


def _date(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}


def _days(start: date, end: date) -> Iterator[date]:
    for offset in range((end - start).days):
        yield start + timedelta(days=offset)


def _months(first_day: date, end_day: date) -> Iterator[tuple[date, date]]:
    """Yield the window month by month, half-open."""
    while first_day < end_day:
        end = min(add_months(first_day.replace(day=1), 1), end_day)
        yield first_day, end
        first_day = end


def _mismatch(what: str, words: str) -> HttpError:
    return HttpError(f"The answer of {what} {words}", permanent=False, code="vendor_total_mismatch")
