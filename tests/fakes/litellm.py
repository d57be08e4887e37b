"""A LiteLLM proxy's management API, as much of it as a pull asks for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.vendor import Answer, Asked, Vendor, vendor

Row = dict[str, Any]


def row(request: str, started: str = "2026-08-01 09:00:00", **more: Any) -> Row:
    """A row of the table of spend logs."""
    plain = {
        "request_id": request, "call_type": "acompletion", "api_key": "hash-1", "spend": 0.01,
        "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "startTime": started,
        "model": "gpt-4o", "model_group": "chat", "custom_llm_provider": "openai", "user": "u-1",
        "team_id": "team-1", "end_user": "", "organization_id": "", "metadata": "{}",
        "cache_hit": "None", "request_tags": "[]", "session_id": "", "status": "success",
    }  # fmt: skip
    return plain | more


def payload(request: str, started: Any = 1785574800.25, **more: Any) -> Row:
    """A request as the proxy's loggers write it."""
    metadata = {"user_api_key_hash": "hash-1", "user_api_key_user_id": "u-1"} | more.pop(
        "about", {}
    )
    plain = {
        "id": request, "trace_id": request, "call_type": "acompletion", "response_cost": 0.01,
        "saved_cache_cost": 0.0, "status": "success", "custom_llm_provider": "openai",
        "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "startTime": started,
        "endTime": started, "model": "gpt-4o", "model_group": "chat", "cache_hit": False,
        "request_tags": [], "end_user": "", "metadata": metadata,
    }  # fmt: skip
    return plain | more


@dataclass
class Proxy:
    """What the proxy knows. `counted` is the number of rows it states, when it is another one."""

    rows: list[Row] = field(default_factory=list)
    page_size: int = 2
    counted: int | None = None
    repeats_first_page: bool = False
    daily: dict[str, Any] | None = None

    def __call__(self, asked: Asked) -> Answer:
        number = int(asked.params.get("page", ["1"])[0])
        if asked.path == "/key/list":
            keys = [{"token": "hash-1", "key_alias": "bot", "user_id": "u-1", "team_id": "team-1"}]
            return said({"keys": keys, "total_count": 1, "current_page": 1, "total_pages": 1})
        if asked.path == "/user/list":
            users = [
                {"user_id": "u-1", "user_email": "Ana@example.com", "user_role": "internal_user"}
            ]
            return said({"users": users, "total": 1, "page": 1, "total_pages": 1})
        if asked.path == "/team/list":
            return said([{"team_id": "team-1", "team_alias": "Core"}])
        if asked.path == "/spend/logs/v2":
            first, last = (asked.params[name][0] for name in ("start_date", "end_date"))
            return said(
                self.page(number, [r for r in self.rows if first <= r["startTime"] <= last])
            )
        if asked.path == "/user/daily/activity" and self.daily:
            return said(self.daily)
        return said({"detail": "Not Found"}, status=404)

    def page(self, number: int, found: list[Row]) -> dict[str, Any]:
        start = 0 if self.repeats_first_page else (number - 1) * self.page_size
        return {
            "data": found[start : start + self.page_size],
            "total": len(found) if self.counted is None else self.counted,
            "page": 1 if self.repeats_first_page else number,
            "page_size": self.page_size,
            "total_pages": -(-len(found) // self.page_size),
        }


def said(value: Any, **more: Any) -> Answer:
    return Answer(json.dumps(value).encode(), **more)


@contextmanager
def fake_litellm(known: Any = None) -> Iterator[Vendor]:
    """Run the proxy; without anything said it has three requests on the first of August 2026."""
    known = known or Proxy([row(f"r{n}", f"2026-08-01 1{n}:00:00") for n in range(3)])
    with vendor(known) as running:
        yield running
