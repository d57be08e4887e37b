"""Bring the demo company's files into the books, month by month, by the way any file takes."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from django.utils import timezone

from billing_ingest.demo.anthropic_files import ORGANISATION_ID
from billing_ingest.demo.company import (
    ANTHROPIC,
    COMPANY,
    CURSOR,
    OPENAI,
    PAYMENTS,
    SOURCES,
    STOREFRONT,
)
from billing_ingest.demo.write import Delivery, write_company
from billing_ingest.load import load, receive
from finops.attribution.actions.rules import add_rule
from finops.attribution.models import AllocationRule
from finops.attribution.rule_drafts import RuleDraft
from finops.attribution.settle import settle
from finops.ledger.models import Import, Source
from finops.people.models import Organisation, Team, User

# The accounts as the vendors name them. Events on demand are a bill beside that of the seats.
CONFIG: dict[str, dict[str, str]] = {
    ANTHROPIC.key: {"organization_id": ORGANISATION_ID},
    CURSOR.key: {"team_id": "team_quillhaven_usage"},
    OPENAI.key: {"organization_id": "org-Quillhaven"},
}
MANIFEST = "manifest.json"  # written last: with it, the folder is complete


class DemoRefusedError(Exception):
    """The demo cannot be brought into these books; the text says why."""


@dataclass
class Brought:
    """What came in with the files of a month."""

    name: str
    files: int = 0
    known: int = 0  # files that were in the books already
    rows: int = 0
    totals: dict[str, Decimal] = field(default_factory=dict)

    def add(self, imp: Import) -> None:
        self.files += 1
        self.rows += imp.rows
        for currency, amount in imp.totals.items():
            self.totals[currency] = self.totals.get(currency, Decimal(0)) + Decimal(amount)

    def words(self) -> str:
        if not self.files:
            return f"{self.name}: in the books already"
        billed = " and ".join(
            f"{amount:,.2f} {currency}" for currency, amount in self.totals.items()
        )
        return f"{self.name}: {self.files} files, {self.rows:,} rows, {billed or 'nothing'} billed"


def seed(folder: Path, *, today: date, months: int, say: Callable[[str], None]) -> None:
    """Write the files unless they are there, load what is not loaded, settle after each month.

    A second run finds its files written and loaded, on any later day, and changes nothing.
    Raises DemoRefusedError when the books hold something else, or a file is not taken.
    """
    if Import.objects.exists() and not (folder / MANIFEST).exists():
        raise DemoRefusedError(
            "These books hold imports that are not the demo's. Choose another OUTLAY_HOME."
        )
    deliveries = written(folder, today, months)
    sources = make_sources()
    make_rules()
    for name, of_month in groupby(deliveries, lambda delivery: delivery.path.parent.name):
        brought = Brought("People" if name == folder.name else name)
        for delivery in of_month:
            bring(delivery, sources[delivery.source_key], brought)
        if brought.files:
            settle(now=timezone.now())
        say(brought.words())
    introduce()


def written(folder: Path, today: date, months: int) -> list[Delivery]:
    """Return the deliveries in the folder, written now if it is not complete."""
    manifest = folder / MANIFEST
    if not manifest.exists():
        files = [
            delivery._asdict() | {"path": delivery.path.relative_to(folder).as_posix()}
            for delivery in write_company(folder, today=today, months=months)
        ]
        text = json.dumps({"today": today.isoformat(), "files": files}, indent=1)
        unfinished = manifest.with_suffix(".new")
        unfinished.write_text(text + "\n", encoding="utf-8")
        unfinished.rename(manifest)
    return list(read_manifest(folder))


def read_manifest(folder: Path) -> Iterator[Delivery]:
    for file in json.loads((folder / MANIFEST).read_text())["files"]:
        yield Delivery(**file | {"path": folder / file["path"]})


def make_sources() -> dict[str, Source]:
    """Return the company's vendor accounts by key, made where they are missing."""
    found = {}
    for source in SOURCES:
        config = CONFIG.get(source.key, {})
        found[source.key], _ = Source.objects.get_or_create(
            key=source.key,
            defaults={
                "name": source.name,
                "connector": source.connector,
                "contract_discount": source.contract_discount,
                "config": config,
            },
        )
    return found


def make_rules() -> None:
    """Say who pays for evaluations: every team by what its own work costs that month."""
    if AllocationRule.objects.exists():
        return
    evaluations = RuleDraft(
        name="Evaluations by direct cost",
        method=AllocationRule.Method.DIRECT,
        conditions=({"field": "tag:purpose", "op": "is", "values": ["evaluations"]},),
        note="Runs that compare models serve every team; agreed with the leads in the first month.",
    )
    add_rule(evaluations, by=None)


def bring(delivery: Delivery, source: Source, brought: Brought) -> None:
    """Load a file unless its bytes are in the books. Raises DemoRefusedError."""
    sha256 = hashlib.sha256(delivery.path.read_bytes()).hexdigest()
    if source.imports.filter(sha256=sha256, state=Import.State.LOADED).exists():
        brought.known += 1
        return
    imp = load(receive(source, delivery.path.name, delivery.path, scope=delivery.scope))
    if imp.state in (Import.State.REFUSED, Import.State.HELD):
        why = imp.errors[0]
        raise DemoRefusedError(f"{delivery.path}: {why['message']} {why['fix']}")
    brought.add(imp)


def introduce() -> None:
    """Name the organisation, and give the manager's login the two teams worth a look."""
    Organisation.objects.filter(name=Organisation().name).update(
        name=COMPANY, time_zone="America/New_York"
    )
    teams = Team.objects.filter(slug__in=[STOREFRONT.slug, PAYMENTS.slug])
    for user in User.objects.filter(username="manager", role=User.Role.MANAGER, teams=None):
        user.teams.set(teams)
