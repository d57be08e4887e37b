"""Langfuse's API, as much of it as a pull asks for: the observations of one project."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.vendor import Answer, Asked, Vendor, vendor

Row = dict[str, Any]


def observation(name: str, started: str = "2026-08-01T10:00:00.000Z", **more: Any) -> Row:
    plain = {
        "id": name, "traceId": "t1", "type": "GENERATION", "startTime": started,
        "providedModelName": "gpt-4o", "usageDetails": {"input": 10, "output": 20, "total": 30},
        "totalCost": 0.000225, "userId": "u1", "sessionId": "s1", "level": "DEFAULT",
    }  # fmt: skip
    return plain | more


@dataclass
class Project:
    """What the vendor knows, two observations to a page."""

    rows: list[Row] = field(default_factory=lambda: [observation(f"o{n}") for n in range(3)])
    repeats_cursor: bool = False

    def __call__(self, asked: Asked) -> Answer:
        if asked.path != "/api/public/v2/observations":
            return Answer(b'{"message": "Not Found"}', 404)
        first, end = (asked.params[name][0] for name in ("fromStartTime", "toStartTime"))
        found = [row for row in self.rows if first <= row["startTime"] < end]
        start = int(asked.params.get("cursor", ["0"])[0])
        meta: Row = {"cursor": str(start + 2)} if start + 2 < len(found) else {}
        if self.repeats_cursor and found:
            meta = {"cursor": "0"}
        return Answer(json.dumps({"data": found[start : start + 2], "meta": meta}).encode())


@contextmanager
def fake_langfuse(known: Any = None) -> Iterator[Vendor]:
    """Run the vendor; without anything said it has three observations on the first of August 2026."""
    with vendor(known or Project()) as running:
        yield running
