"""Books of one line each, correct to the nano: a bill, its cells, allocations and rollups."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from finops.attribution.models import (
    Allocation,
    BillDay,
    BillMonth,
    Cell,
    ItemDay,
    ItemFate,
    ItemTeam,
    LogDay,
    OutcomeCost,
    OutcomeDay,
    SpendDay,
    SpendMonth,
    TeamDay,
    UsageDay,
)
from finops.ledger.models import BillingScope, Charge, Import, Slice, Source, Usage
from finops.outcomes.models import WorkItem
from finops.outside import archive
from finops.people.models import Organisation, Team

DAY = date(2026, 10, 6)
NOON = datetime(2026, 10, 6, 12, tzinfo=UTC)
ONE = datetime(2026, 10, 6, 13, tzinfo=UTC)
LATER = datetime(2026, 11, 3, tzinfo=UTC)
MONTH = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
HALF = 617_283_500  # nanos
BILLED = "1.2345670004"  # rounds to two halves
LOG = b"occurred_at,provider,billing_scope,list_cost\n2026-11-03,,acme,1\n"
FILE = f"BilledCost,BillingCurrency,ServiceName\n{BILLED},USD,Claude\n".encode()


@dataclass
class Books:
    """What the tests bend."""

    source: Source
    imp: Import
    slice: Slice
    charge: Charge
    team: Team
    item: WorkItem
    usage: Usage


def small_books(sha256: str) -> Books:
    """A charge of $1.2345670004 in two cells: half to a merged PR, half to the team's pool.

    Beside it a provisional cell of a later day. `sha256` names the archived FILE.
    """
    Organisation.objects.get_or_create(pk=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_partition('ledger_charge', '2026-10-01')")
        cursor.execute("SELECT ledger_partition('ledger_usage', '2026-11-01')")
    team = Team.objects.create(slug="core", name="Core", color=1)
    source = Source.objects.create(key="acme", name="Acme bill", connector="focus")
    imp = Import.objects.create(
        source=source, state="loaded", filename="october.csv", sha256=sha256,
        size_bytes=len(FILE), document="focus", rows=1, totals={"USD": BILLED},
        finished_at=NOON,
    )  # fmt: skip
    scope = BillingScope.objects.create(
        invoice_issuer_name="Acme", billing_account_id="a1", billing_period_start=MONTH[0].date(),
        billing_period_end=MONTH[1].date(), feed=source,
    )  # fmt: skip
    part = Slice.objects.create(
        source=source, imp=imp, table="charge", key="focus:Acme|a1|2026-10-01",
        billing_scope=scope, rows=1, totals={"USD": BILLED}, first_day=DAY, last_day=DAY,
    )  # fmt: skip
    charge = charge_of(part, BILLED, 2 * HALF)
    bill_of(source)
    item = WorkItem.objects.create(
        kind="pull_request", key="github.com/acme/app#1", external_id="acme/app#1",
        title="Add sign-in", state="done", created_at=NOON, completed_at=NOON, version_at=NOON,
    )  # fmt: skip
    usage = later_usage(source)
    allocate(cell_of(charge, team), team, tier="A1", item=item)
    allocate(cell_of(charge, team), team, tier="C")
    allocate(provisional_cell(source, usage, team), team, tier="C", is_provisional=True)
    ItemFate.objects.create(item_id=item.pk, fate="value")
    ItemTeam.objects.create(item_id=item.pk, team_id=team.pk, credit_ppm=1_000_000)
    OutcomeCost.objects.create(
        item_id=item.pk, kind=item.kind, completed_on=DAY, fate="value", team_id=team.pk,
        credit_ppm=1_000_000, billed_nanos=HALF, effective_nanos=HALF,
    )  # fmt: skip
    OutcomeDay.objects.create(
        completed_on=DAY, kind=item.kind, team_id=team.pk, items=1, credit_ppm=1_000_000,
        value_ppm=1_000_000, billed_nanos=HALF, effective_nanos=HALF,
    )  # fmt: skip
    return Books(source, imp, part, charge, team, item, usage)


def charge_of(part: Slice, billed: str, nanos: int, **more: Any) -> Charge:
    facts = {
        "charged_on": DAY, "slice": part, "line": 2, "invoice_issuer_name": "Acme",
        "billing_account_id": "a1", "billing_currency": "USD", "billing_period_start": MONTH[0],
        "billing_period_end": MONTH[1], "charge_period_start": NOON, "charge_period_end": ONE,
        "billed_cost": Decimal(billed), "effective_cost": Decimal(billed), "billed_nanos": nanos,
        "effective_nanos": nanos, "charge_category": "Usage", "service_name": "Claude",
    }  # fmt: skip
    return Charge.objects.create(**facts | more)


def bill_of(source: Source) -> None:
    """The rollups of the bill that Reconcile reads."""
    shared: dict[str, Any] = {
        "month": MONTH[0].date(), "source_id": source.pk, "currency": "USD", "lines": 1,
        "charge_category": "Usage", "billed_nanos": 2 * HALF,
    }  # fmt: skip
    BillDay.objects.create(
        issuer="Acme", billing_account_id="a1", invoice_id="", day=DAY, is_booked=True,
        effective_nanos=2 * HALF, repeats=0, repeated_nanos=0, **shared,
    )  # fmt: skip
    BillMonth.objects.create(
        standing="unseen", model="", meter="", service_tier="", is_listed=False, is_counted=False,
        is_repeat=False, listed=0, contracted=0, tokens=0, **shared,
    )  # fmt: skip


def later_usage(explains: Source) -> Usage:
    """One line of a log of its own that explains a later day of the bill."""
    source = Source.objects.create(key="log", name="Log", connector="usage_csv")
    imp = Import.objects.create(
        source=source, state="loaded", filename="log.csv", sha256=archive.put(LOG).sha256,
        size_bytes=len(LOG), document="usage", rows=1, finished_at=NOON,
    )  # fmt: skip
    part = Slice.objects.create(source=source, imp=imp, table="usage", key="log:1", rows=1)
    seen = {"day": LATER.date(), "model": ""}
    LogDay.objects.create(
        scope_key=f"source:{explains.pk}", sub_account_id="", log_source_id=source.pk,
        document=imp.document, measure=1, fineness=0, factor=1, **seen,
    )  # fmt: skip
    UsageDay.objects.create(
        source_id=explains.pk, currency="USD", tokens=0, list_nanos=10**9, **seen
    )
    return Usage.objects.create(
        occurred_on=LATER.date(), slice=part, line=2, occurred_at=LATER, list_cost=Decimal(1),
        billing_scope=explains.key,
    )  # fmt: skip


def cell_of(charge: Charge, team: Team) -> Cell:
    return _cell(
        charge.slice.source, team, vendor="Acme", day=DAY, charged_on=charge.charged_on, charge_id=charge.id,
        billed_nanos=HALF, effective_nanos=HALF, reporting_billed_nanos=HALF,
        reporting_effective_nanos=HALF,
    )  # fmt: skip


def provisional_cell(source: Source, usage: Usage, team: Team) -> Cell:
    return _cell(
        source, team, vendor="Acme", day=usage.occurred_on, at=usage.occurred_at,
        occurred_on=usage.occurred_on, usage_id=usage.id,
        is_provisional=True, billed_nanos=HALF, effective_nanos=HALF,
        reporting_billed_nanos=HALF, reporting_effective_nanos=HALF,
    )  # fmt: skip


def _cell(source: Source, team: Team, **more: Any) -> Cell:
    texts = (
        "vendor provider sub_account_id actor api_key project repo branch session pr ticket "
        "conversation deal team_tag model meter service_tier paid_by"
    )
    facts: dict[str, Any] = dict.fromkeys(texts.split(), "") | {
        "at": NOON, "source_id": source.pk, "is_shared": False, "is_excluded": False,
        "is_provisional": False, "is_unpriced": False, "fx_rate": 1, "currency": "USD",
        "team_id": team.pk,
    }  # fmt: skip
    return Cell.objects.create(**facts | more)


def allocate(
    cell: Cell,
    team: Team,
    *,
    tier: str,
    item: WorkItem | None = None,
    is_provisional: bool = False,
) -> None:
    """The whole cell to one place, with its lines in the rollups."""
    money = {
        name: getattr(cell, name)
        for name in (
            "currency", "billed_nanos", "effective_nanos", "reporting_billed_nanos",
            "reporting_effective_nanos",
        )
    }  # fmt: skip
    place = {"day": cell.day, "team_id": team.pk}
    Allocation.objects.create(
        cell=cell, tier=tier, item_id=item.pk if item else None, **place, **money
    )
    shared = {"source_id": cell.source_id, "vendor": cell.vendor, "model": "", "meter": ""}
    fate = {
        "tier": tier[0], "reason": "", "kind": item.kind if item else "",
        "fate": "value" if item else "pooled", "is_provisional": is_provisional,
    }  # fmt: skip
    SpendDay.objects.create(
        provider="", service_tier="", cells=1, **fate, **shared, **place, **money
    )
    TeamDay.objects.create(vendor="", **fate, **place, **money)
    SpendMonth.objects.create(
        month=cell.day.replace(day=1), team_id=team.pk, source_id=cell.source_id,
        vendor=cell.vendor, model="", **fate, **money,
    )  # fmt: skip
    if item:
        ItemDay.objects.create(
            item_id=item.pk, tier=tier, is_provisional=False, **shared, **place, **money
        )
