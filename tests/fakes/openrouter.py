"""OpenRouter's API, as much of it as a pull asks for: the activity of one account."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.vendor import Answer, Asked, Vendor, vendor

Row = dict[str, Any]


def row(day: str = "2026-08-01", **more: Any) -> Row:
    plain = {
        "date": day, "model": "openai/gpt-4.1", "model_permaslug": "openai/gpt-4.1-2025-04-14",
        "endpoint_id": "e1", "provider_name": "OpenAI", "usage": 0.015, "byok_usage_inference": 0.012,
        "requests": 5, "prompt_tokens": 50, "completion_tokens": 125, "reasoning_tokens": 25,
        "cached_tokens": 10,
    }  # fmt: skip
    return plain | more


@dataclass
class Account:
    """What the vendor knows. One that ignores the day gives everything it has."""

    rows: list[Row] = field(default_factory=lambda: [row()])
    ignores_the_day: bool = False

    def __call__(self, asked: Asked) -> Answer:
        if asked.path != "/activity":
            return Answer(b'{"error": {"message": "Not Found"}}', 404)
        day = asked.params["date"][0]
        found = [one for one in self.rows if self.ignores_the_day or one["date"] == day]
        return Answer(json.dumps({"data": found}).encode())


@contextmanager
def fake_openrouter(known: Any = None) -> Iterator[Vendor]:
    """Run the vendor; without anything said it has one row on the first of August 2026."""
    with vendor(known or Account()) as running:
        yield running
