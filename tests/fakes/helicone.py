"""Helicone's API, as much of it as a pull asks for: the requests of one organisation."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.vendor import Answer, Asked, Vendor, vendor

Row = dict[str, Any]


def request(name: str, started: str = "2026-08-01T10:00:00Z", **more: Any) -> Row:
    plain = {
        "request_id": name, "request_created_at": started, "response_status": 200,
        "request_user_id": "u1", "request_properties": {"team": "core"}, "request_model": "gpt-4o",
        "provider": "OPENAI", "prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30,
        "prompt_cache_read_tokens": 0, "prompt_cache_write_tokens": 0, "cost": 0.000225,
    }  # fmt: skip
    return plain | more


@dataclass
class Organisation:
    """What the vendor knows."""

    rows: list[Row] = field(default_factory=lambda: [request(f"r{n}") for n in range(3)])
    ignores_offset: bool = False

    def __call__(self, asked: Asked) -> Answer:
        if asked.path != "/v1/request/query-clickhouse":
            return Answer(b'{"error": "Not Found"}', 404)
        body = json.loads(asked.body)
        first, end = body["timeFilter"]["start"], body["timeFilter"]["end"]
        found = [row for row in self.rows if first <= row["request_created_at"] < end]
        start = 0 if self.ignores_offset else body["offset"]
        page = found[start : start + body["limit"]]
        return Answer(json.dumps({"data": page, "error": None}).encode())


@contextmanager
def fake_helicone(known: Any = None) -> Iterator[Vendor]:
    """Run the vendor; without anything said it has three requests on the first of August 2026."""
    with vendor(known or Organisation()) as running:
        yield running
