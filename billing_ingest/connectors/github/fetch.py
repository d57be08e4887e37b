"""Pulls pull requests through the REST API, the last changed first, back to the window's start."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from billing_ingest.connector import Fetched, Outside
from billing_ingest.paging import bad_answer, linked_pages
from finops.outside.http import Http, HttpError, Params, Response

HOME = "https://api.github.com"
# The list lacks sizes, and commits have messages with exact session keys. Asking for both costs
# two requests per pull request, so a first pull over years does it for the newest only.
MOST_DETAILS = 500
REPO = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
Record = dict[str, Any]


class Api:
    """GitHub as one token sees it."""

    def __init__(self, http: Http, config: dict[str, Any], token: str) -> None:
        self.http = http
        self.home = str(config.get("api_url") or HOME).rstrip("/")
        self.headers = {
            "accept": "application/vnd.github+json",
            "authorization": f"Bearer {token}",
            "x-github-api-version": "2022-11-28",
        }

    def get(self, url: str, params: Params | None = None) -> Response:
        """Return the answer; a renamed repository's one new address is followed."""
        try:
            return self.http.get(self._ours(url), params, self.headers)
        except HttpError as error:
            if error.status not in (301, 307, 308) or not error.location:
                raise
            return self.http.get(self._ours(error.location), None, self.headers)

    def pages(self, path: str, params: Params) -> Iterator[Response]:
        """Yield the pages of a list, following its Link headers."""
        yield from linked_pages(self.get, f"{self.home}{path}", params)

    def _ours(self, url: str) -> str:
        """Return the address if it is of this API: the token goes nowhere else."""
        if not url.startswith(f"{self.home}/"):
            raise bad_answer(url, "lies outside the API")
        return url


def fetch(outside: Outside, first_day: date, end_day: date) -> Iterator[Fetched]:
    """Yield the pull requests changed on or after the first day, page by page.

    The end is not a bound: what changed after it is newer news of the same pull requests.
    """
    api = Api(outside.http, outside.config, outside.secret)
    for repo in repos_of(outside.config):
        yield from _repo(api, repo, first_day)


def repos_of(config: dict[str, Any]) -> list[str]:
    """Return the repositories to read: a list, or text with commas or white space between."""
    given = config.get("repos") or []
    repos = re.split(r"[,\s]+", given.strip()) if isinstance(given, str) else list(given)
    for repo in repos:
        if not REPO.fullmatch(repo):
            raise HttpError(f"{repo!r} is not owner/name", permanent=True, code="bad_config")
    if not repos:
        raise HttpError("No repository is named to read", permanent=True, code="bad_config")
    return repos


def _repo(api: Api, repo: str, first_day: date) -> Iterator[Fetched]:
    path, details_left = f"/repos/{repo}/pulls", MOST_DETAILS
    asked: Params = {"state": "all", "sort": "updated", "direction": "desc", "per_page": 100}
    for number, page in enumerate(api.pages(path, asked), 1):
        records = _records(page, path)
        changed = [record for record in records if record["updated_at"] >= first_day.isoformat()]
        detailed = [_detail(api, path, record["number"]) for record in changed[:details_left]]
        details_left -= len(detailed)
        name = f"{repo.replace('/', '_')}_pulls_{first_day}_{number}.json"
        if detailed:
            yield Fetched(f"detailed_{name}", _array(detailed), "webhook")
        if len(detailed) < len(changed):
            yield Fetched(name, page.body, "pull_requests")
        if len(changed) < len(records) or not records:
            return


def _detail(api: Api, path: str, number: int) -> bytes:
    """Return a pull request and its commits, each byte as it came, in one JSON object."""
    whole = api.get(f"{api.home}{path}/{number}")
    pages = list(api.pages(f"{path}/{number}/commits", {"per_page": 100}))
    commits = [page.body.strip()[1:-1].strip() for page in pages if page.json()]
    return b'{"pull_request":' + whole.body + b',"commits":' + _array(commits) + b"}"


def _array(items: list[bytes]) -> bytes:
    return b"[" + b",\n".join(items) + b"]"


def _records(page: Response, path: str) -> list[Record]:
    records = page.json()
    if not isinstance(records, list):
        raise bad_answer(path, "is not a list")
    for record in records:
        if not isinstance(record, dict) or not isinstance(record.get("updated_at"), str):
            raise bad_answer(path, "has a record without a time of change")
    return records
