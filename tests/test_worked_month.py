"""The worked month of the method, through the public commands alone: files in, JSON out."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import bill_row, command, settle, write
from tests.samples import shared

pytestmark = pytest.mark.django_db(transaction=True)


def write_bill(path: Path, inputs: dict[str, Any]) -> Path:
    rows = []
    for cell in inputs["cells"]:
        tags = {"outlay:repo": cell["repo"]} if "repo" in cell else {}
        if "person" in cell:
            tags["person"] = f"{cell['person']}@acme.test"
        for name in ("pr", "session", "ticket"):
            if name in cell:
                tags[name] = cell[name].split(":")[1]
        if "team" in cell:
            tags["team"] = cell["team"]
        if "shared" in cell:
            tags["shared"] = "true"
        rows.append(bill_row(cell["at"], f"{cell['amount'] / 100:.2f}", tags))
    rows.append(bill_row("2026-10-31", f"{inputs['true_up'] / 100:.2f}", category="Adjustment"))
    return write(path, rows)


def outcome_row(work: dict[str, Any]) -> dict[str, object]:
    sessions = [
        f"{key.split(':')[1]}={weight}"
        for key, weight in work["keys"].items()
        if key.startswith("session:")
    ]
    return {
        "idempotency_key": work["id"], "source": "test", "external_id": work["id"], "state": work["state"],
        "kind": "ticket" if work["id"].startswith("TCK") else "pull_request", "repo": work["repo"],
        "occurred_at": f"{work['ended'] or work['started']}T00:00:00Z", "started_at": f"{work['started']}T00:00:00Z",
        "person_emails": ";".join(f"{name}@acme.test" for name in work["people"]), "session_ids": ";".join(sessions),
    }  # fmt: skip


@pytest.fixture
def months() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared("attribution_examples.json").read_text())
    return found


@pytest.fixture
def inputs(months: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """The first month, imported and settled."""
    inputs: dict[str, Any] = months["waterfall_E8"]["inputs"] | {"true_up": -169}
    people: list[dict[str, object]] = [
        {"email": f"{name}@acme.test", "name": name.title(), "team": team}
        for name, team in (("alice", "core"), ("bob", "core"), ("sue", "support"), ("sid", "sales"))
    ]
    command("import_file", "people_csv", write(tmp_path / "people.csv", people))
    command("import_file", "focus", write_bill(tmp_path / "october.csv", inputs))
    outcomes = [outcome_row(work) for work in inputs["items"]]
    command("import_file", "outcomes_csv", write(tmp_path / "work.csv", outcomes))
    settle()
    return inputs


def report(*args: str) -> dict[str, Any]:
    return command("unit_cost", "--start", "2026-10-01", "--end", "2026-11-01", *args)


def by_target() -> dict[str, float]:
    """Cents per work item, team overhead and unattributed reason, as the report prints them."""
    rows = report("--by", "outcome")["rows"]
    return {row["key"]: round(float(row["billed"]) * 100) for row in rows}


def assert_month(expected: dict[str, Any]) -> None:
    total = report()["total"]
    assert total["billed"] == f"{expected['billed'] / 100:.2f}"
    assert total["tiers"] == {
        tier: f"{cents / 100:.2f}" for tier, cents in expected["by_tier"].items()
    }
    found = by_target()
    assert sum(found.values()) == expected["billed"]
    assert set(found) == set(expected["by_target"])
    for key, cents in expected["by_target"].items():
        # the method's table splits cents, the books split nanos: a cent of rounding lies between
        assert abs(found[key] - cents) <= 1, key


def test_the_worked_month(inputs: dict[str, Any], months: dict[str, Any]) -> None:
    assert_month(months["waterfall_E8"])
    rows = {row["key"]: row for row in report("--by", "team")["rows"]}
    pull_requests = rows["core"]["kinds"]["pull_request"]
    assert pull_requests["outcomes"] == 3
    assert pull_requests["unit_cost"] == {"direct": "60.41", "loaded": "74.91", "all_in": "89.91"}
    assert sum(float(row["billed"]) for row in rows.values()) == pytest.approx(315.00)


def test_a_late_outcome_and_a_restated_bill(
    inputs: dict[str, Any], months: dict[str, Any], tmp_path: Path
) -> None:
    late = months["waterfall_E9_late_outcome"]["inputs"]["as E8, plus item"]
    command("import_file", "outcomes_csv", write(tmp_path / "late.csv", [outcome_row(late)]))
    settle()
    assert_month(months["waterfall_E9_late_outcome"])
    cells = [cell | ({"amount": 4801} if cell["id"] == "c03" else {}) for cell in inputs["cells"]]
    restated = write_bill(tmp_path / "october-restated.csv", inputs | {"cells": cells})
    assert command("import_file", "focus", restated)["superseded"]
    settle()
    assert_month(months["waterfall_E9b_restated"])


def test_the_order_of_the_rows_changes_nothing(inputs: dict[str, Any], tmp_path: Path) -> None:
    before = report("--by", "outcome")
    backwards = inputs | {"cells": inputs["cells"][::-1]}
    command("import_file", "focus", write_bill(tmp_path / "backwards.csv", backwards))
    command("settle", "--full")
    assert report("--by", "outcome")["total"] == before["total"]
    assert sorted(report("--by", "outcome")["rows"], key=str) == sorted(before["rows"], key=str)
