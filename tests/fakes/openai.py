"""A small OpenAI organisation behind the real protocol: pages, groups, lists, and every trouble.

Days are ISO text. Change `costs`, `usage` and the lists at any time: the vendor restates.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tests.fakes.troubles import Troubles, as_json
from tests.vendor import Answer, Asked, Vendor, vendor

Rows = dict[str, list[dict[str, Any]]]  # day -> results
OBJECTS = {"file_search_calls": "file_searches", "web_search_calls": "web_searches"}


def unix(day: str) -> int:
    return int(datetime.combine(date.fromisoformat(day), time(), UTC).timestamp())


def cost(value: Any, line_item: str | None = None, **more: Any) -> dict[str, Any]:
    """A result of the costs endpoint, in dollars."""
    amount = {"value": value, "currency": "usd"}
    return {"object": "organization.costs.result", "amount": amount, "line_item": line_item} | more


@dataclass
class Organisation:
    """What the vendor knows."""

    key: str = "sk-admin-canary"
    costs: Rows = field(default_factory=dict)
    usage: dict[str, Rows] = field(default_factory=dict)  # kind -> day -> results
    users: list[dict[str, Any]] = field(default_factory=list)
    projects: list[dict[str, Any]] = field(default_factory=list)
    keys: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # project -> keys
    admin_keys: list[dict[str, Any]] = field(default_factory=list)
    page_days: int = 31  # days in one page
    page_rows: int = 100  # entries in one page of a list
    refused_groups: tuple[str, ...] = ()  # answered with 400

    def __post_init__(self) -> None:
        self.troubles = Troubles(self.answer)

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {self.key}":
            return as_json({"error": {"message": "Incorrect API key provided"}}, status=401)
        path = asked.path.removeprefix("/v1/organization")
        if path == "/costs":
            return self.report(asked, self.costs)
        if path.startswith("/usage/"):
            kind = path.removeprefix("/usage/")
            name = f"organization.usage.{OBJECTS.get(kind, kind)}.result"
            return self.report(asked, self.usage.get(kind, {}), object=name)
        lists = {
            "/users": self.users,
            "/projects": self.projects,
            "/admin_api_keys": self.admin_keys,
        }
        if path.endswith("/api_keys") and path not in lists:
            return self.listed(asked, self.keys.get(path.split("/")[2], []))
        return self.listed(asked, lists[path])

    def report(self, asked: Asked, rows: Rows, **more: Any) -> Answer:
        """Buckets of the days asked for, `page_days` at a time."""
        refused = set(asked.params.get("group_by", [])) & set(self.refused_groups)
        if refused:
            words = f"group_by {sorted(refused)} is not available"
            return as_json({"error": {"message": words}}, status=400)
        first, end = (
            datetime.fromtimestamp(int(asked.params[n][0]), UTC).date()
            for n in ("start_time", "end_time")
        )
        days = [(first + timedelta(days=n)).isoformat() for n in range((end - first).days)]
        begin = int(asked.params.get("page", ["page_0"])[0].removeprefix("page_"))
        shown, rest = days[begin : begin + self.page_days], days[begin + self.page_days :]
        data = [
            {
                "object": "bucket", "start_time": unix(day), "end_time": unix(day) + 86400,
                "results": [more | row for row in rows.get(day, [])],
            }
            for day in shown
        ]  # fmt: skip
        following = f"page_{begin + self.page_days}" if rest else None
        return as_json(
            {"object": "page", "data": data, "has_more": bool(rest), "next_page": following}
        )

    def listed(self, asked: Asked, entries: list[dict[str, Any]]) -> Answer:
        ids = [entry["id"] for entry in entries]
        begin = ids.index(asked.params["after"][0]) + 1 if "after" in asked.params else 0
        shown = entries[begin : begin + self.page_rows]
        has_more = begin + self.page_rows < len(entries)
        last = shown[-1]["id"] if shown else None
        return as_json({"object": "list", "data": shown, "last_id": last, "has_more": has_more})


@contextmanager
def fake_openai(known: Organisation | None = None) -> Iterator[Vendor]:
    """Run the vendor; what `known` says may change while it runs."""
    with vendor((known or some_organisation()).troubles) as running:
        yield running


def some_organisation() -> Organisation:
    """Two people, two projects, and the costs and usage of one day."""
    day = "2026-10-05"
    by_ana = {"project_id": "proj_web", "user_id": "user-ana", "api_key_id": "key_web"}
    by_ben = {"project_id": "proj_ops", "user_id": "user-ben", "api_key_id": "key_ops"}
    tokens = {
        "model": "gpt-5-2025-08-07",
        "batch": False,
        "service_tier": "default",
        "num_model_requests": 3,
    }
    return Organisation(
        costs={
            day: [
                cost(6.0, "gpt-5-2025-08-07, input", project_id="proj_web", api_key_id="key_web"),
                cost("1.5", "gpt-5-2025-08-07, output", project_id="proj_ops", api_key_id="key_ops"),
                cost(0.25, "web search tool calls", project_id=None, api_key_id=None),
            ]
        },
        usage={
            "completions": {
                day: [
                    by_ana | tokens | {
                        "input_tokens": 5_000_000, "input_cached_tokens": 200_000, "output_tokens": 10_000,
                    },
                    by_ben | tokens | {
                        "input_tokens": 20_000, "input_cached_tokens": 0, "output_tokens": 150_000,
                    },
                ]
            },
            "web_search_calls": {
                day: [
                    by_ana | {"model": "gpt-5-2025-08-07", "num_requests": 20, "num_model_requests": 2},
                    by_ben | {"model": "gpt-5-2025-08-07", "num_requests": 5, "num_model_requests": 1},
                ]
            },
        },
        users=[
            {"object": "organization.user", "id": "user-ana", "name": "Ana", "email": "ana@example.com",
             "role": "owner", "added_at": 1711471533},
            {"object": "organization.user", "id": "user-ben", "name": "Ben", "email": "ben@example.com",
             "role": "reader", "added_at": 1711471533},
        ],
        projects=[
            {"object": "organization.project", "id": "proj_web", "name": "Web", "status": "active",
             "created_at": 1711471533, "archived_at": None},
            {"object": "organization.project", "id": "proj_ops", "name": "Operations", "status": "archived",
             "created_at": 1711471533, "archived_at": 1790000000},
        ],
        keys={
            "proj_web": [key("key_web", "Web server", "user-ana", "ana@example.com")],
            "proj_ops": [key("key_ops", "Night jobs", "user-ben", "ben@example.com")],
        },
    )  # fmt: skip


def key(id_: str, name: str, user: str, email: str) -> dict[str, Any]:
    """A project's key, held by a user."""
    return {
        "object": "organization.project.api_key", "id": id_, "name": name, "redacted_value": "sk-...x",
        "created_at": 1711471533, "last_used_at": None, "owner_project_access": "active",
        "owner": {"type": "user", "user": {"id": user, "name": name, "email": email}},
    }  # fmt: skip
