"""The same 10,000 calls in a cloud bill, a gateway log and telemetry: they count once."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby, permutations
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from finops.attribution.models import Allocation, Cell, LogDay, SpendDay
from finops.ledger.models import Charge, Source, Usage
from finops.outcomes.models import WorkItem
from finops.people.models import Team, User
from tests.commands import Company, Row, bill_row, command, done, settle

pytestmark = pytest.mark.django_db
CALLS = 10_000
START = datetime(2025, 10, 6, tzinfo=UTC)
PEOPLE = ("ann", "cid", "zoe", "sue", "kim")
MODELS = ("large", "small")
DISCOUNT = Decimal("0.93")
OCTOBER = ("2025-10-01", "2025-11-01")


def calls() -> Iterator[dict[str, Any]]:
    """Two days of calls, one every 17 seconds; every figure follows from the call's number."""
    for number in range(CALLS):
        who = PEOPLE[number % 7 % 5]
        yield {
            "at": START + timedelta(seconds=17 * number),
            "person": f"{who}@acme.test",
            "session": f"{who}-{number // 500}",
            "repo": f"acme/{'app' if who < 'm' else 'data'}",
            "model": MODELS[number % 3 // 2],
            "tokens": 100 + number * 37 % 900,
            "list_cost": Decimal(100 + number * 37 % 900) / 100_000,
        }


def bill() -> list[Row]:
    """One line per day and model, at the contract's price."""
    sums: dict[tuple[str, str], Decimal] = {}
    for call in calls():
        at = f"{call['at']:%Y-%m-%d}", call["model"]
        sums[at] = sums.get(at, Decimal(0)) + call["list_cost"] * DISCOUNT
    return [
        bill_row(day, f"{amount}", ChargePeriodEnd=f"{day}T23:59:59Z", x_Model=model)
        for (day, model), amount in sums.items()
    ]


def gateway() -> list[Row]:
    """Every call by itself, with its session."""
    return [
        {
            "occurred_at": f"{call['at']:%Y-%m-%dT%H:%M:%SZ}", "person": call["person"],
            "session": call["session"], "provider": "vendor", "model": call["model"], "requests": 1,
            "input_tokens": call["tokens"], "list_cost": call["list_cost"],
            "billing_scope": "focus", "request_id": f"r{number}",
        }
        for number, call in enumerate(calls())
    ]  # fmt: skip


def telemetry() -> list[Row]:
    """The same calls per hour, person, repository and model; no session."""

    def key(call: dict[str, Any]) -> tuple[str, ...]:
        return f"{call['at']:%Y-%m-%dT%H}", call["person"], call["repo"], call["model"]

    found: list[Row] = []
    for (hour, person, repo, model), group in groupby(sorted(calls(), key=key), key):
        seen = list(group)
        found.append({
            "occurred_at": f"{hour}:30:00Z", "person": person, "repo": repo, "provider": "vendor", "model": model,
            "requests": len(seen), "input_tokens": sum(call["tokens"] for call in seen),
            "list_cost": sum(call["list_cost"] for call in seen), "billing_scope": "focus",
        })  # fmt: skip
    return found


FEEDS = {
    "bill": ("focus", bill),
    "gateway": ("usage_csv", gateway),
    "telemetry": ("usage_csv", telemetry),
}


def sources() -> None:
    """Named before any file comes, as an administrator would."""
    Source.objects.create(key="focus", name="Cloud bill", connector="focus")
    for key in ("gateway", "telemetry"):
        Source.objects.create(key=key, name=key.title(), connector="usage_csv")


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    company = Company(tmp_path)
    sources()
    company.people(ann="core", cid="core", zoe="data", sue="data", kim="ops")
    company.work(
        done("acme/app#1", "2025-10-07", "ann", session_ids="ann-0;ann-3"),
        done("acme/data#2", "2025-10-08", "zoe", repo="acme/data"),
    )
    return company


def feed(acme: Company, name: str) -> dict[str, Any]:
    connector, rows = FEEDS[name]
    key = "focus" if connector == "focus" else name
    return acme.give(connector, rows(), "--source", key)


def picture() -> dict[str, list[Any]]:
    """What was derived, with natural names in the place of row numbers."""
    lines = dict(Charge.objects.values_list("id", "line"))
    logged = {
        u.id: (u.slice.source.key, u.line) for u in Usage.objects.select_related("slice__source")
    }
    items = dict(WorkItem.objects.values_list("id", "external_id"))
    teams = dict(Team.objects.values_list("id", "slug"))
    keys = dict(Source.objects.values_list("id", "key"))
    cells = {
        c.id: (c.at, lines.get(c.charge_id or 0), logged.get(c.usage_id or 0), c.actor, c.session, c.repo,
               c.model, c.billed_nanos, c.effective_nanos)
        for c in Cell.objects.all()
    }  # fmt: skip
    return {
        "cells": sorted(map(str, cells.values())),
        "allocations": sorted(
            str((cells[a.cell_id], a.tier, a.reason, items.get(a.item_id or 0), teams.get(a.team_id or 0),
                 a.billed_nanos))
            for a in Allocation.objects.all()
        ),
        "spend": sorted(
            str((row.day, teams.get(row.team_id or 0), row.model, row.tier, row.fate, row.billed_nanos))
            for row in SpendDay.objects.all()
        ),
        "logs": sorted(
            (keys[log.log_source_id], str(log.day), log.model, log.measure, log.factor)
            for log in LogDay.objects.all()
        ),
    }  # fmt: skip


def fed(acme: Company, order: Sequence[str]) -> dict[str, list[Any]]:
    """Every file in this order, settled after each; then all of them once more."""
    for name in order:
        assert feed(acme, name)["duplicate_of"] is None
        command("settle")
    for name in order:
        assert feed(acme, name)["duplicate_of"] is not None
    settle()
    return picture()


@pytest.fixture(scope="module")
def first() -> dict[str, Any]:
    """The picture of the first order, for the others to equal."""
    return {}


@pytest.mark.parametrize("order", list(permutations(FEEDS)), ids="-".join)
def test_in_any_order_and_twice_the_calls_count_once_and_all_three_stay_known(
    acme: Company, order: tuple[str, ...], first: dict[str, Any]
) -> None:
    found = fed(acme, order)
    billed = sum(Decimal(str(row["BilledCost"])) for row in bill())
    total = acme.report(*OCTOBER)["total"]
    assert total["billed"] == f"{billed:.2f}"
    assert total["provisional"] == "0.00"
    seen = dict.fromkeys(("gateway", "telemetry"), 0)
    for key, _, _, measure, _ in found["logs"]:
        seen[key] += measure
    tokens = sum(call["tokens"] for call in calls())
    assert seen == {"gateway": tokens, "telemetry": tokens}
    for name, rows in found.items():
        assert rows == first.setdefault(name, rows), name


def test_the_bill_line_names_its_witnesses(acme: Company, client: Client) -> None:
    for name in FEEDS:
        feed(acme, name)
    settle()
    client.force_login(User.objects.create_user("chief", role="admin"))
    charge = Charge.objects.order_by("line").first()
    assert charge
    page = client.get(f"/spend/lines/{charge.charged_on}-{charge.id}/").content.decode()
    assert "Seen by the bill, Gateway and Telemetry; counted once, by Gateway." in page
    answer = client.get(f"/api/v1/charges/{charge.charged_on}/{charge.id}/").json()["witnesses"]
    assert [(one["role"], one["key"], one["is_money"]) for one in answer] == [
        ("bill", "focus", True), ("log", "gateway", False), ("log", "telemetry", False),
    ]  # fmt: skip
    tokens = [(one["saw"], one["counted"]) for one in answer if one["role"] == "log"]
    assert tokens[0][0] == tokens[0][1] == tokens[1][0]
    assert tokens[1][1] == "0"


def test_what_only_the_coarser_log_saw_is_counted_by_it(acme: Company, client: Client) -> None:
    feed(acme, "bill")
    acme.give("usage_csv", gateway()[:4000], "--source", "gateway")
    feed(acme, "telemetry")
    settle()
    client.force_login(User.objects.create_user("chief", role="admin"))
    charge = Charge.objects.order_by("line").first()
    assert charge
    page = client.get(f"/spend/lines/{charge.charged_on}-{charge.id}/").content.decode()
    assert "counted once, by Gateway and Telemetry." in page
    assert Allocation.objects.filter(cell__charge_id=charge.id).exists()


def test_a_second_bill_of_the_same_account_is_a_witness_and_no_money(
    acme: Company, client: Client
) -> None:
    feed(acme, "bill")
    Source.objects.create(key="console", name="Console export", connector="focus")
    acme.give("focus", bill(), "--source", "console")
    settle()
    client.force_login(User.objects.create_user("chief", role="admin"))
    charge = Charge.objects.filter(slice__source__key="focus").first()
    assert charge
    page = client.get(f"/spend/lines/{charge.charged_on}-{charge.id}/").content.decode()
    assert "Console export is a bill of the same account and period and books nothing." in page
    billed = sum(Decimal(str(row["BilledCost"])) for row in bill())
    assert acme.report(*OCTOBER)["total"]["billed"] == f"{billed:.2f}"
