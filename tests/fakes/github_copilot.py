"""GitHub's billing of Copilot, as much of it as a pull asks for: one organisation, three people."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from tests.vendor import Answer, Asked, Vendor, vendor

Use = dict[tuple[date, str], str]  # (day, login) -> credits at a cent each


@dataclass
class Copilot:
    """What the vendor knows. `nobodys` is use of a day that belongs to no user."""

    use: Use = field(default_factory=dict)
    nobodys: dict[date, str] = field(default_factory=dict)
    people: tuple[str, ...] = ("ana", "ben", "eve")
    page_size: int = 2
    centers: dict[str, str] = field(default_factory=dict)  # name -> net amount of its seats
    whole_is_short: bool = False  # the day as a whole says less than its users

    def __call__(self, asked: Asked) -> Answer:
        path = asked.path
        if path.endswith("/copilot/billing/seats"):
            return self.seats(asked)
        if path.endswith(("/premium_request/usage", "/ai_credit/usage")):
            return said(self.use_of(asked))
        if path.endswith("/cost-centers"):
            centers = [{"id": name, "name": name, "state": "active"} for name in self.centers]
            return said({"costCenters": centers})
        if path.endswith("/billing/usage"):
            return said(self.bill_of(asked))
        if path.endswith("/users-1-day"):
            day = asked.params["day"][0]
            link = f"http://{asked.headers['host']}/signed/{day}.ndjson?sig=1"
            return said({"download_links": [link], "report_day": day})
        if path.startswith("/signed/"):
            return Answer(self.report(path.removeprefix("/signed/").removesuffix(".ndjson")))
        return said({"message": "Not Found"}, status=404)

    def seats(self, asked: Asked) -> Answer:
        number = int(asked.params.get("page", ["1"])[0])
        start = (number - 1) * self.page_size
        seats = [seat(name, place) for place, name in enumerate(self.people, 1)]
        headers = {}
        if start + self.page_size < len(seats):
            following = f"http://{asked.headers['host']}{asked.path}?page={number + 1}"
            headers["Link"] = f'<{following}>; rel="next"'
        page = {"total_seats": len(seats), "seats": seats[start : start + self.page_size]}
        return said(page, headers=headers)

    def use_of(self, asked: Asked) -> dict[str, Any]:
        year, month = (int(asked.params[name][0]) for name in ("year", "month"))
        only = asked.params.get("user", [""])[0]
        day = int(asked.params["day"][0]) if "day" in asked.params else None
        found: dict[str, Decimal] = {}
        for (when, login), used in self.use.items():
            if in_period(when, year, month, day) and only in ("", login):
                found["GPT-5"] = found.get("GPT-5", Decimal(0)) + Decimal(used)
        for when, used in self.nobodys.items():
            if in_period(when, year, month, day) and not only:
                found["GPT-5"] = found.get("GPT-5", Decimal(0)) + Decimal(used)
        if self.whole_is_short and day and not only:
            found = {model: used / 2 for model, used in found.items()}
        period = {"year": year, "month": month} | ({"day": day} if day else {})
        return {
            "timePeriod": period, "organization": "acme",
            "usageItems": [item(model, used) for model, used in found.items()],
        }  # fmt: skip

    def bill_of(self, asked: Asked) -> dict[str, Any]:
        year, month = (int(asked.params[name][0]) for name in ("year", "month"))
        center = asked.params.get("cost_center_id", [""])[0]
        amount = float(self.centers[center]) if center else 1.9
        row = {
            "date": f"{year}-{month:02}-01T00:00:00Z", "product": "Copilot",
            "sku": "Copilot Business", "quantity": 0.1, "unitType": "user-months",
            "pricePerUnit": 19, "grossAmount": amount, "discountAmount": 0, "netAmount": amount,
            "organizationName": "acme", "repositoryName": "",
        }  # fmt: skip
        return {"usageItems": [row]}

    def report(self, day: str) -> bytes:
        records = [
            {"day": day, "user_id": place, "user_login": name,
             "user_initiated_interaction_count": place * 2, "code_generation_activity_count": 1}
            for place, name in enumerate(self.people, 1)
        ]  # fmt: skip
        return "\n".join(json.dumps(record) for record in records).encode()


def seat(login: str, number: int) -> dict[str, Any]:
    return {
        "created_at": "2026-01-03T09:00:00Z", "updated_at": "2026-01-03T09:00:00Z",
        "pending_cancellation_date": None, "last_activity_at": "2026-06-01T12:00:00Z",
        "last_activity_editor": "vscode/1.99.0", "plan_type": "business",
        "assignee": {"login": login, "id": number, "type": "User"}, "assigning_team": None,
    }  # fmt: skip


def item(model: str, used: Decimal) -> dict[str, Any]:
    amount = float(used * Decimal("0.01"))
    return {
        "product": "Copilot", "sku": "Copilot AI Credits", "model": model, "unitType": "credits",
        "pricePerUnit": 0.01, "grossQuantity": float(used), "grossAmount": amount,
        "discountQuantity": 0, "discountAmount": 0, "netQuantity": float(used),
        "netAmount": amount,
    }  # fmt: skip


def in_period(when: date, year: int, month: int, day: int | None) -> bool:
    return (when.year, when.month) == (year, month) and day in (None, when.day)


def said(value: Any, **more: Any) -> Answer:
    return Answer(json.dumps(value).encode(), **more)


@contextmanager
def fake_github_copilot(known: Copilot | None = None) -> Iterator[Vendor]:
    """Run the vendor; without anything said it has two days of use in June 2026."""
    june = date(2026, 6, 2)
    known = known or Copilot({(june, "ana"): "120", (june, "ben"): "30.5"}, {june: "4"})
    with vendor(known) as running:
        yield running
