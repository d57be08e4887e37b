"""The public commands alone: small files in, JSON out."""

import calendar
import csv
import json
from collections.abc import Iterable, Mapping
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

Row = Mapping[str, object]


def command(name: str, *args: object) -> dict[str, Any]:
    out = StringIO()
    call_command(name, *map(str, args), "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def settle() -> None:
    command("settle")
    verdict = command("verify_books")
    assert (verdict["ok"], verdict["violations"]) == (True, [])


def write(path: Path, rows: Iterable[Row]) -> Path:
    """Write rows as CSV; a column that a row does not name is empty."""
    rows = list(rows)
    columns = dict.fromkeys(name for row in rows for name in row)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(columns), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def bill_row(
    day: str,
    amount: str,
    tags: Mapping[str, str] | None = None,
    *,
    category: str = "Usage",
    **more: object,
) -> Row:
    """A line of a FOCUS bill; its billing period is the calendar month of the day."""
    month = date.fromisoformat(day).replace(day=1)
    days = calendar.monthrange(month.year, month.month)[1]
    end = date.fromordinal(month.toordinal() + days)
    return {
        "BilledCost": amount, "EffectiveCost": amount, "ListCost": amount, "ContractedCost": amount,
        "BillingAccountId": "acme", "BillingCurrency": "USD", "BillingPeriodStart": f"{month}T00:00:00Z",
        "BillingPeriodEnd": f"{end}T00:00:00Z", "ChargeCategory": category, "ChargePeriodStart": f"{day}T00:00:00Z",
        "ChargePeriodEnd": f"{day}T01:00:00Z", "InvoiceIssuerName": "Vendor", "ProviderName": "Vendor",
        "PublisherName": "Vendor", "ServiceCategory": "AI and Machine Learning", "ServiceName": "Model",
        "Tags": json.dumps(tags) if tags else "",
    } | more  # fmt: skip


class Company:
    """A company that is told to the product in files, as its people would upload them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told = 0

    def give(self, connector: str, rows: Iterable[Row], *options: object) -> dict[str, Any]:
        self.told += 1
        path = write(self.folder / f"{self.told}-{connector}.csv", rows)
        return command("import_file", connector, path, *options)

    def people(self, **teams: str) -> None:
        """Name people and the team each is a member of."""
        rows = [
            {"email": mail(name), "name": name.title(), "team": team}
            for name, team in teams.items()
        ]
        self.give("people_csv", rows)

    def bill(self, *lines: Row) -> dict[str, Any]:
        return self.give("focus", lines)

    def work(self, *rows: Row) -> dict[str, Any]:
        return self.give("outcomes_csv", rows)

    def report(self, start: str, end: str, *options: str) -> dict[str, Any]:
        settle()
        return command("unit_cost", "--start", start, "--end", end, *options)

    def rows(self, start: str, end: str, by: str) -> dict[str, dict[str, Any]]:
        return {row["key"]: row for row in self.report(start, end, "--by", by)["rows"]}

    def kind(self, start: str, end: str, kind: str = "pull_request") -> dict[str, Any]:
        """One kind's figures of the whole company."""
        found: dict[str, Any] = self.report(start, end)["total"]["kinds"][kind]
        return found


def mail(name: str) -> str:
    return f"{name}@acme.test"


def done(external_id: str, day: str, *people: str, kind: str = "pull_request", **more: str) -> Row:
    """A row that says that an item was done at the first second of the day."""
    return {
        "kind": kind, "external_id": external_id, "state": "done", "occurred_at": day,
        "person_emails": ";".join(mail(name) for name in people),
    } | more  # fmt: skip


def in_state(state: str, external_id: str, day: str, **more: str) -> Row:
    return done(external_id, day, **more) | {"state": state}
