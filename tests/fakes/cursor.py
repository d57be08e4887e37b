"""Cursor's Admin API, as much of it as a pull asks for: one team of two."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from tests.vendor import Answer, Asked, Vendor, vendor

Event = dict[str, Any]


def milliseconds(day: date, hour: int = 0) -> int:
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp()) * 1000


def event(day: date, hour: int, email: str, cents: float | None, **more: Any) -> Event:
    plain = {
        "timestamp": str(milliseconds(day, hour)), "userEmail": email, "model": "sonnet",
        "kind": "Usage-based", "isChargeable": True, "isTokenBasedCall": True,
        "tokenUsage": {"inputTokens": 10, "outputTokens": 5, "cacheWriteTokens": 2,
                       "cacheReadTokens": 3, "totalCents": 1},
        "chargedCents": cents, "cursorTokenFee": 0.1,
    }  # fmt: skip
    return {name: value for name, value in (plain | more).items() if value is not None}


@dataclass
class Team:
    """What the vendor knows. `counted` is the number of events it states, when it is another one."""

    events: list[Event] = field(default_factory=list)
    members: tuple[str, ...] = ("ana@example.com", "ben@example.com")
    page_size: int = 2
    counted: int | None = None
    repeats_first_page: bool = False

    def __call__(self, asked: Asked) -> Answer:
        body = json.loads(asked.body or b"{}")
        if asked.path == "/teams/members":
            return said({"teamMembers": [member(name, at) for at, name in enumerate(self.members)]})
        if asked.path == "/teams/filtered-usage-events":
            return said(self.page(body))
        if asked.path == "/teams/daily-usage-data":
            return said(self.daily(body))
        if asked.path == "/teams/spend":
            spend = [{"email": name, "spendCents": 12.5} for name in self.members]
            cycle = milliseconds(date(2026, 8, 1))
            return said(
                {"teamMemberSpend": spend, "subscriptionCycleStart": cycle, "totalPages": 1}
            )
        return said({"message": "Not Found"}, status=404)

    def page(self, body: dict[str, Any]) -> dict[str, Any]:
        found = [
            one
            for one in self.events
            if body["startDate"] <= int(one["timestamp"]) <= body["endDate"]
        ]
        number = body["page"]
        shown = 1 if self.repeats_first_page else number
        start = (shown - 1) * self.page_size
        has_next = number * self.page_size < len(found)
        return {
            "totalUsageEventsCount": len(found) if self.counted is None else self.counted,
            "pagination": {"currentPage": shown, "hasNextPage": has_next},
            "usageEvents": found[start : start + self.page_size],
        }  # fmt: skip

    def daily(self, body: dict[str, Any]) -> dict[str, Any]:
        row = {
            "date": body["startDate"], "email": self.members[0], "isActive": True,
            "totalLinesAdded": 40, "acceptedLinesAdded": 25,
        }  # fmt: skip
        return {"data": [row], "pagination": {"page": 1, "hasNextPage": False}}


def member(email: str, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": email.split("@", maxsplit=1)[0].title(),
        "email": email,
        "role": "member",
    }


def said(value: Any, **more: Any) -> Answer:
    return Answer(json.dumps(value).encode(), **more)


@contextmanager
def fake_cursor(known: Team | None = None) -> Iterator[Vendor]:
    """Run the vendor; without anything said it has three events on the first of August 2026."""
    day = date(2026, 8, 1)
    known = known or Team(
        [
            event(day, hour, "ana@example.com", cents)
            for hour, cents in ((9, 21.5), (10, 4.25), (11, 1))
        ]
    )
    with vendor(known) as running:
        yield running
