"""Pulling from live accounts: real HTTP to a server of this machine, whole reports or none."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from billing_ingest.connector import Outside
from billing_ingest.registry import connector
from finops.outside.http import Http, HttpError
from tests.vendor import Answer, Asked, vendor

FIRST, END = date(2026, 8, 1), date(2026, 8, 4)
KEY = "sk-ant-admin01-canary"


def as_json(value: Any, **more: Any) -> Answer:
    return Answer(json.dumps(value).encode(), **more)


@pytest.fixture
def fetch(settings, tmp_path):
    """Fetch from a server that answers with the function; give deliveries and what was asked."""

    def run(slug, answer, *, first=FIRST, end=END, **config):
        with vendor(answer) as api:
            settings.OUTLAY_PRIVATE_HOSTS = [api.host]
            http = Http(sleep=lambda _: None)
            pull = connector(slug).fetch
            try:
                found = list(
                    pull(Outside(http, {"api_url": api.url} | config, KEY, tmp_path), first, end)
                )
            finally:
                run.asked = api.asked
            return found

    return run


# --- Anthropic -----------------------------------------------------------------------------------


def organisation(reports: dict[str, list[Any]]):
    """An Admin API whose reports have these pages; the rest is empty days."""

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith(("/users", "/workspaces", "/api_keys")):
            return as_json({"data": [], "has_more": False, "last_id": None})
        pages = reports.get(asked.path.rsplit("/", 1)[-1])
        if pages is None and asked.path.endswith("claude_code"):
            return as_json({"data": [], "has_more": False, "next_page": None})
        if pages is None:
            empty = {"starting_at": asked.params["starting_at"][0], "results": []}
            return as_json({"data": [empty], "has_more": False, "next_page": None})
        return as_json(pages[int(asked.params.get("page", ["0"])[0])])

    return answer


def bucket(day: int, amount: str) -> dict[str, Any]:
    return {
        "starting_at": f"2026-08-0{day}T00:00:00Z",
        "ending_at": f"2026-08-0{day + 1}T00:00:00Z",
        "results": [{"currency": "USD", "amount": amount}],
    }


def page(*data: Any, following: str | None = None) -> dict[str, Any]:
    return {"data": list(data), "has_more": following is not None, "next_page": following}


def test_pages_of_a_report_come_as_one_delivery(fetch):
    pages = [page(bucket(1, "10"), bucket(2, "20"), following="1"), page(bucket(3, "30"))]
    found = {got.document: got for got in fetch("anthropic", organisation({"cost_report": pages}))}
    asked, *parts = json.loads(found["cost_report"].body)
    assert asked == {"asked": {"group_by": ["workspace_id", "description"]}}
    assert parts == pages
    assert json.dumps(pages[0]).encode() in found["cost_report"].body


def test_the_admin_key_and_the_groups_are_sent(fetch):
    fetch("anthropic", organisation({"cost_report": [page(bucket(1, "10"))]}))
    (asked,) = [asked for asked in fetch.asked if asked.path.endswith("/cost_report")]
    assert asked.headers["x-api-key"] == KEY
    assert asked.headers["anthropic-version"] == "2023-06-01"
    assert asked.params["group_by[]"] == ["workspace_id", "description"]
    assert asked.params["starting_at"] == ["2026-08-01T00:00:00Z"]
    assert asked.params["ending_at"] == ["2026-08-04T00:00:00Z"]


def test_a_long_window_is_asked_for_in_parts(fetch):
    fetch("anthropic", organisation({}), end=FIRST + timedelta(days=70), claude_code=False)
    spans = [
        (asked.params["starting_at"][0][:10], asked.params["ending_at"][0][:10])
        for asked in fetch.asked
        if asked.path.endswith("/cost_report")
    ]
    assert spans == [
        ("2026-08-01", "2026-09-01"),
        ("2026-09-01", "2026-10-02"),
        ("2026-10-02", "2026-10-10"),
    ]


def test_claude_code_is_asked_for_day_by_day(fetch):
    record = {"date": "2026-08-01T00:00:00Z", "model_breakdown": []}
    found = fetch("anthropic", organisation({"claude_code": [page(record)]}))
    days = [
        asked.params["starting_at"][0]
        for asked in fetch.asked
        if asked.path.endswith("claude_code")
    ]
    assert days == ["2026-08-01", "2026-08-02", "2026-08-03"]
    assert found[-1].document == "usage_report_claude_code"
    assert len(json.loads(found[-1].body)) == 1 + 3


def test_days_without_use_deliver_nothing(fetch):
    assert [got.document for got in fetch("anthropic", organisation({}))] == ["users"]


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ([page(bucket(1, "1"), following="0")], "same next page twice"),
        ([{"data": [], "has_more": True, "next_page": None}], "more but not where"),
        ([{"data": []}], "has no day"),
        ([{"error": "x"}], "no list of data"),
        ([[1, 2]], "no list of data"),
    ],
)
def test_a_report_that_is_not_whole_delivers_nothing(fetch, pages, words):
    with pytest.raises(HttpError, match=words) as caught:
        fetch("anthropic", organisation({"cost_report": pages}), claude_code=False)
    assert caught.value.permanent


def test_a_sign_in_page_is_no_report(fetch):
    html = Answer(b"<html>Please sign in", headers={"Content-Type": "text/html"})
    with pytest.raises(HttpError, match="a web page, not data"):
        fetch("anthropic", lambda _: html)


def test_a_refused_key_is_told_in_the_vendors_words(fetch):
    body = {"type": "error", "error": {"message": "invalid x-api-key"}}
    with pytest.raises(HttpError, match="invalid x-api-key") as caught:
        fetch("anthropic", lambda _: as_json(body, status=401))
    assert caught.value.permanent


# --- GitHub --------------------------------------------------------------------------------------


def pull(number: int, updated: str) -> dict[str, Any]:
    return {"number": number, "updated_at": f"{updated}T00:00:00Z"}


class Forge:
    """A repository whose list has these pages, on a server that links them."""

    def __init__(self, *pages: list[Any], link: str = "") -> None:
        self.pages = pages
        self.link = link

    def __call__(self, asked: Asked) -> Answer:
        home = f"http://{asked.headers['host']}"
        if asked.path.endswith("/commits"):
            return as_json([{"commit": {"message": f"for {asked.path.split('/')[-2]}"}}])
        if asked.path.split("/")[-1].isdigit():
            return as_json({"number": int(asked.path.split("/")[-1]), "additions": 7})
        number = int(asked.params.get("page", ["1"])[0])
        headers = {}
        if number < len(self.pages) or self.link:
            following = self.link or f"{home}{asked.path}?page={number + 1}"
            headers["Link"] = f'<{following}>; rel="next", <{home}/last>; rel="last"'
        return as_json(self.pages[number - 1], headers=headers)


def test_pull_requests_come_with_details_and_commits(fetch):
    (got,) = fetch("github", Forge([pull(1, "2026-08-02")]), repos="acme/web")
    assert got.document == "webhook"
    assert json.loads(got.body) == [
        {
            "pull_request": {"number": 1, "additions": 7},
            "commits": [{"commit": {"message": "for 1"}}],
        }
    ]
    assert fetch.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert fetch.asked[0].params["sort"] == ["updated"]


def test_links_are_followed_back_to_the_first_day_and_no_further(fetch):
    forge = Forge(
        [pull(3, "2026-08-03"), pull(2, "2026-08-02")],
        [pull(1, "2026-08-01"), pull(9, "2026-07-31")],
        [pull(8, "2026-07-01")],
    )
    found = fetch("github", forge, repos=["acme/web"])
    numbers = [one["pull_request"]["number"] for got in found for one in json.loads(got.body)]
    assert numbers == [3, 2, 1]
    lists = [asked for asked in fetch.asked if asked.path.endswith("/pulls")]
    assert len(lists) == 2


def test_beyond_the_newest_the_list_itself_is_delivered(fetch, monkeypatch):
    monkeypatch.setattr("billing_ingest.connectors.github.fetch.MOST_DETAILS", 1)
    pages = [pull(3, "2026-08-03"), pull(2, "2026-08-02")], [pull(1, "2026-08-01")]
    found = fetch("github", Forge(*pages), repos="acme/web")
    assert [got.document for got in found] == ["webhook", "pull_requests", "pull_requests"]
    assert [json.loads(got.body) for got in found[1:]] == list(pages)


def test_a_link_to_itself_is_noticed(fetch):
    forge = Forge([pull(3, "2026-08-03")])
    forge.link = "self"

    def answer(asked: Asked) -> Answer:
        forge.link = f"http://{asked.headers['host']}/repos/acme/web/pulls?page=1"
        return forge(asked)

    with pytest.raises(HttpError, match="same next page twice"):
        fetch("github", answer, repos="acme/web")


def test_the_token_is_not_sent_to_another_host(fetch):
    with pytest.raises(HttpError, match="outside the API"):
        fetch(
            "github",
            Forge([pull(3, "2026-08-03")], link="https://evil.example/next"),
            repos="acme/web",
        )


def test_a_renamed_repository_is_followed_once(fetch):
    forge = Forge([pull(1, "2026-08-02")])

    def answer(asked: Asked) -> Answer:
        if asked.path == "/repos/acme/old/pulls":
            home = f"http://{asked.headers['host']}"
            return Answer(b"{}", 301, {"Location": f"{home}/repositories/7/pulls"})
        return forge(asked)

    (got,) = fetch("github", answer, repos="acme/old")
    assert json.loads(got.body)[0]["pull_request"]["number"] == 1


@pytest.mark.parametrize("repos", ["", [], "acme", "acme/web/x", "acme/web, https://x"])
def test_repositories_must_be_named_plainly(fetch, repos):
    with pytest.raises(HttpError) as caught:
        fetch("github", Forge([]), repos=repos)
    assert caught.value.code == "bad_config"


@pytest.mark.parametrize("answer", [{"message": "x"}, [1], [{"number": 1}]])
def test_an_odd_list_is_refused(fetch, answer):
    with pytest.raises(HttpError) as caught:
        fetch("github", lambda _: as_json(answer), repos="acme/web")
    assert caught.value.code == "bad_answer"
