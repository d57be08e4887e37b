"""A small Anthropic organisation behind the real protocol: reports, analytics, lists, and troubles.

Days are ISO text. Change what it knows at any time: the vendor restates.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.fakes.troubles import Troubles, as_json
from tests.vendor import Answer, Asked, Vendor, vendor

Rows = dict[str, list[dict[str, Any]]]  # day -> results
BETA = "analytics-usage-cost-2026-08-24"


def cost(cents: str, **more: Any) -> dict[str, Any]:
    """A result of the cost report."""
    plain = {
        "currency": "USD",
        "amount": cents,
        "workspace_id": None,
        "description": "Claude usage",
    }
    return plain | more


def row(day: str, group: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A row of the analytics API."""
    following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    names = (
        "actor",
        "api_key_id",
        "cost_type",
        "model",
        "rbac_group_id",
        "token_type",
        "workspace_id",
    )
    return {
        "starting_at": f"{day}T00:00:00Z", "ending_at": f"{following}T00:00:00Z",
        "group": dict.fromkeys(names) | group,
    } | more  # fmt: skip


def analytics_cost(day: str, cents: str, listed: str = "", **group: Any) -> dict[str, Any]:
    amounts = {"amount": cents, "list_amount": listed or cents, "currency": "USD", "requests": None}
    return row(day, group, cost=amounts)


def analytics_usage(day: str, output: int, **group: Any) -> dict[str, Any]:
    return row(
        day,
        group,
        usage={
            "uncached_input_tokens": 10, "cache_read_input_tokens": 0, "output_tokens": output,
            "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
            "server_tool_use": {"web_search_requests": 0}, "total_tokens": 10 + output, "requests": 1,
        },
    )  # fmt: skip


@dataclass
class Organisation:
    """What the vendor knows."""

    key: str = "sk-ant-admin01-canary"
    costs: Rows = field(default_factory=dict)
    messages: Rows = field(default_factory=dict)
    claude_code: Rows = field(default_factory=dict)
    analytics: dict[str, Rows] = field(default_factory=dict)  # cost | usage -> day -> rows
    users: list[dict[str, Any]] = field(default_factory=list)
    workspaces: list[dict[str, Any]] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 31  # days of a report, rows of analytics, entries of a list

    def __post_init__(self) -> None:
        self.troubles = Troubles(self.answer)

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("x-api-key") != self.key:
            words = {"type": "error", "error": {"message": "invalid x-api-key"}}
            return as_json(words, status=401)
        path = asked.path.removeprefix("/v1/organizations/")
        lists = {"users": self.users, "workspaces": self.workspaces, "api_keys": self.keys}
        if path in lists:
            return self.listed(asked, lists[path])
        if path.startswith("analytics/"):
            return self.analysed(asked, self.analytics.get(path.removeprefix("analytics/"), {}))
        if path == "usage_report/claude_code":
            return self.paged(asked, self.claude_code.get(asked.params["starting_at"][0], []))
        rows = self.costs if path == "cost_report" else self.messages
        days = self.days(asked)
        data = [row(day, {}, results=rows.get(day, [])) for day in days]
        for bucket in data:
            del bucket["group"]
        return self.paged(asked, data)

    def days(self, asked: Asked) -> list[str]:
        first, end = (
            date.fromisoformat(asked.params[n][0][:10]) for n in ("starting_at", "ending_at")
        )
        return [(first + timedelta(days=n)).isoformat() for n in range((end - first).days)]

    def analysed(self, asked: Asked, rows: Rows) -> Answer:
        days = self.days(asked)
        if asked.headers.get("anthropic-beta") != BETA or len(days) > 31 or days[0] < "2026-01-01":
            return as_json({"error": {"message": "this question is not allowed"}}, status=400)
        return self.paged(asked, [found for day in days for found in rows.get(day, [])])

    def paged(self, asked: Asked, data: list[Any]) -> Answer:
        begin = int(asked.params.get("page", ["page_0"])[0].removeprefix("page_"))
        end = begin + self.page_size
        more = end < len(data)
        following = f"page_{end}" if more else None
        return as_json({"data": data[begin:end], "has_more": more, "next_page": following})

    def listed(self, asked: Asked, entries: list[dict[str, Any]]) -> Answer:
        ids = [entry["id"] for entry in entries]
        begin = ids.index(asked.params["after_id"][0]) + 1 if "after_id" in asked.params else 0
        shown = entries[begin : begin + self.page_size]
        last = shown[-1]["id"] if shown else None
        return as_json(
            {"data": shown, "has_more": begin + len(shown) < len(entries), "last_id": last}
        )


@contextmanager
def fake_anthropic(known: Organisation | None = None) -> Iterator[Vendor]:
    """Run the vendor; what `known` says may change while it runs."""
    with vendor((known or some_organisation()).troubles) as running:
        yield running


def some_organisation() -> Organisation:
    """One person with a key that is gone by now, in one workspace, and what a day cost."""
    day, model = "2026-10-05", "claude-opus-4-5-20251101"
    return Organisation(
        costs={
            day: [
                cost("500", workspace_id="wrkspc_1", cost_type="tokens", model=model, token_type="output_tokens"),
                cost("10", workspace_id="wrkspc_1", cost_type="web_search", description="Web Search Usage"),
            ]
        },
        messages={
            day: [
                {
                    "uncached_input_tokens": 1000, "cache_read_input_tokens": 0, "output_tokens": 200_000,
                    "cache_creation": {"ephemeral_1h_input_tokens": 5, "ephemeral_5m_input_tokens": 6},
                    "server_tool_use": {"web_search_requests": 10}, "account_id": None,
                    "service_account_id": None, "api_key_id": "apikey_1", "workspace_id": "wrkspc_1",
                    "model": model, "service_tier": "standard",
                }
            ]
        },
        analytics={
            "cost": {day: [analytics_cost(day, "510", model=model)]},
            "usage": {day: [analytics_usage(day, 200_000, model=model)]},
        },
        users=[
            {"id": "user_1", "type": "user", "email": "dev@acme.test", "name": "Dev", "role": "user",
             "added_at": "2024-10-30T23:58:27Z"},
        ],
        workspaces=[
            {"id": "wrkspc_1", "type": "workspace", "name": "Web", "display_color": "#6C5BB9",
             "created_at": "2024-10-30T23:58:27Z", "archived_at": "2026-10-06T00:00:00Z"},
        ],
        keys=[
            {"id": "apikey_1", "type": "api_key", "name": "Web server", "status": "archived",
             "created_at": "2024-10-30T23:58:27Z", "workspace_id": "wrkspc_1",
             "created_by": {"id": "user_1", "type": "user"}, "partial_key_hint": "sk-ant-...gAA"},
        ],
    )  # fmt: skip
