"""Settled books for tests of the questions: every dollar is written to all derived tables.

`Books.spend` books one cell that goes to one place; `Books.settled` writes what follows for the
work items. Amounts are cents, so that examples read like a bill.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from finops.attribution.models import (
    Allocation,
    Cell,
    ItemDay,
    ItemFate,
    ItemTeam,
    OutcomeCost,
    OutcomeDay,
    SpendDay,
    SpendMonth,
    TeamDay,
)
from finops.ledger.models import BillingScope, Charge, Import, Slice, Source, Usage
from finops.money import CENT_NANOS
from finops.outcomes.models import WorkItem
from finops.people.models import Organisation, Team
from finops.periods import month_of

PPM = 1_000_000
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
TEXTS = (
    *("vendor", "provider", "sub_account_id", "actor", "api_key", "project", "repo", "branch"),
    *("session", "pr", "ticket", "conversation", "deal", "team_tag", "model", "meter"),
    *("service_tier", "paid_by"),
)
AMOUNTS = (
    "billed_nanos",
    "effective_nanos",
    "reporting_billed_nanos",
    "reporting_effective_nanos",
)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


class Books:
    """A company whose money and work are written down piece by piece."""

    def __init__(self) -> None:
        self.company, _ = Organisation.objects.get_or_create(pk=1)
        self.sources: dict[str, Source] = {}
        self.teams: dict[str, Team] = {}
        self.items: dict[str, WorkItem] = {}
        self.fates: dict[str, str] = {}
        self.credits: dict[str, dict[str | None, int]] = {}

    def team(self, slug: str) -> Team:
        if slug not in self.teams:
            color = len(self.teams) + 1
            self.teams[slug] = Team.objects.create(slug=slug, name=slug.title(), color=color)
        return self.teams[slug]

    def source(self, key: str, **more: Any) -> Source:
        if key not in self.sources:
            facts = {"key": key, "name": key.title(), "connector": "focus"} | more
            self.sources[key] = Source.objects.create(**facts)
        return self.sources[key]

    def item(
        self,
        name: str,
        *,
        kind: str = "pull_request",
        team: str | None = "core",
        done: date | None = None,
        fate: str = "",
        credit: dict[str | None, int] | None = None,
        **more: Any,
    ) -> WorkItem:
        """A work item, done on a day or else open; its team gets all the credit."""
        state = "done" if done else "open"
        facts = {
            "kind": kind, "key": name.lower(), "external_id": name, "title": f"Title of {name}",
            "state": state, "completed_at": noon(done) if done else None, "version_at": NOW,
            "first_completed_at": noon(done) if done else None,
        }  # fmt: skip
        self.items[name] = WorkItem.objects.create(**facts | more)
        self.fates[name] = fate or ("value" if done else "in_progress")
        self.credits[name] = {team: PPM} if credit is None else credit
        return self.items[name]

    def spend(
        self,
        day: date,
        cents: int,
        *,
        team: str | None = None,
        item: str | None = None,
        tier: str = "",
        reason: str = "",
        vendor: str = "Anthropic",
        source: str = "anthropic",
        currency: str = "USD",
        effective: int | None = None,
        nanos: int | None = None,
        **more: Any,
    ) -> Allocation:
        """Book one cell: to an item (tier A1), to a team's pool (C), shared (D) or nowhere (E)."""
        tier = tier or ("A1" if item else "E" if reason else "C" if team else "D")
        billed = cents * CENT_NANOS if nanos is None else nanos
        other = billed if effective is None else effective * CENT_NANOS
        known = currency == self.company.reporting_currency
        money = {
            "currency": currency, "billed_nanos": billed, "effective_nanos": other,
            "reporting_billed_nanos": billed if known else None,
            "reporting_effective_nanos": other if known else None,
        }  # fmt: skip
        cell = self.cell(day, vendor, source, team, money | more)
        work = self.items[item] if item else None
        allocation = Allocation.objects.create(
            cell=cell, day=day, tier=tier, reason=reason, item_id=work and work.pk,
            team_id=cell.team_id, **money,
        )  # fmt: skip
        self.roll_up(cell, allocation, item)
        return allocation

    def cell(
        self, day: date, vendor: str, source: str, team: str | None, more: dict[str, Any]
    ) -> Cell:
        facts: dict[str, Any] = dict.fromkeys(TEXTS, "") | {
            "day": day, "at": noon(day), "source_id": self.source(source).pk, "vendor": vendor,
            "is_shared": False, "is_excluded": False, "is_provisional": False,
            "is_unpriced": False, "team_id": self.team(team).pk if team else None,
        }  # fmt: skip
        return Cell.objects.create(**facts | more)

    def roll_up(self, cell: Cell, allocation: Allocation, item: str | None) -> None:
        where = {
            "day": cell.day, "team_id": cell.team_id, "source_id": cell.source_id,
            "vendor": cell.vendor, "model": cell.model, "meter": cell.meter,
            "is_provisional": cell.is_provisional, "currency": cell.currency,
        }  # fmt: skip
        money = {name: getattr(allocation, name) for name in AMOUNTS}
        letter = allocation.tier[0]
        fate = {"C": "pooled", "D": "overhead", "E": "unattributed"}.get(letter, "")
        SpendDay.objects.create(
            provider=cell.provider, service_tier=cell.service_tier, tier=letter,
            reason=allocation.reason, kind=self.items[item].kind if item else "",
            fate=fate or self.fates[item or ""], cells=1, **where, **money,
        )  # fmt: skip
        known = {
            "team_id": cell.team_id, "tier": letter, "reason": allocation.reason,
            "kind": self.items[item].kind if item else "",
            "fate": fate or self.fates[item or ""], "is_provisional": cell.is_provisional,
            "currency": cell.currency,
        }  # fmt: skip
        TeamDay.objects.create(
            day=cell.day, vendor=cell.vendor if letter == "D" else "", **known, **money
        )
        SpendMonth.objects.create(
            month=cell.day.replace(day=1), source_id=cell.source_id, vendor=cell.vendor,
            model=cell.model, **known, **money,
        )  # fmt: skip
        if item:
            ItemDay.objects.create(
                item_id=allocation.item_id, tier=allocation.tier, **where, **money
            )

    def bill_line(
        self, day: date, cents: int, *, source: str = "anthropic", line: int = 2, **more: Any
    ) -> dict[str, Any]:
        """A line of a bill; returns what `spend` needs to stand on it."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT ledger_partition('ledger_charge', %s)", [day.replace(day=1)])
        part = self.slice(source, "charge", f"bill of {day:%B}", f"{source} {day:%Y-%m}.csv", day)
        amount = Decimal(cents) / 100
        month = month_of(day)
        facts = {
            "charged_on": day, "slice": part, "line": line, "invoice_issuer_name": source,
            "billing_account_id": "a1", "billing_currency": "USD",
            "billing_period_start": noon(month.start), "billing_period_end": noon(month.end),
            "charge_period_start": noon(day), "charge_period_end": noon(day),
            "billed_cost": amount, "effective_cost": amount, "charge_category": "Usage",
            "billed_nanos": cents * CENT_NANOS, "effective_nanos": cents * CENT_NANOS,
        }  # fmt: skip
        charge = Charge.objects.create(**facts | more)
        return {"charged_on": day, "charge_id": charge.id, "source": source}

    def log_line(
        self, day: date, *, source: str = "log", line: int = 2, **more: Any
    ) -> dict[str, Any]:
        """A line of a usage log; returns what `spend` needs to stand on it."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT ledger_partition('ledger_usage', %s)", [day.replace(day=1)])
        part = self.slice(source, "usage", "log", f"{source}.jsonl", day)
        usage = Usage.objects.create(
            occurred_on=day, slice=part, line=line, occurred_at=noon(day), **more
        )
        return {"occurred_on": day, "usage_id": usage.id}

    def slice(self, source: str, table: str, key: str, filename: str, day: date) -> Slice:
        """The active slice of that key, grown to hold the day."""
        owner = self.source(source)
        part = Slice.objects.filter(source=owner, table=table, key=key).first()
        if part is None:
            imp = Import.objects.create(
                source=owner, state="loaded", filename=filename, sha256="0" * 64, size_bytes=1
            )
            scope = None
            if table == "charge":
                month = month_of(day)
                scope = BillingScope.objects.create(
                    invoice_issuer_name=source, billing_account_id="a1", feed=owner,
                    billing_period_start=month.start, billing_period_end=month.end,
                )  # fmt: skip
            part = Slice(source=owner, imp=imp, table=table, key=key, billing_scope=scope)
        part.first_day = min(part.first_day or day, day)
        part.last_day = max(part.last_day or day, day)
        part.rows += 1
        part.save()
        return part

    def settled(self) -> "Books":
        """Write credit, fate and direct cost of every item."""
        for name, item in self.items.items():
            ItemFate.objects.update_or_create(item_id=item.pk, defaults={"fate": self.fates[name]})
            for team, credit in self.credits[name].items():
                team_id = self.team(team).pk if team else None
                ItemTeam.objects.create(item_id=item.pk, team_id=team_id, credit_ppm=credit)
            self.write_outcome_cost(name, item)
        return self

    def write_outcome_cost(self, name: str, item: WorkItem) -> None:
        credit = {self.team(t).pk if t else None: c for t, c in self.credits[name].items()}
        days = list(ItemDay.objects.filter(item_id=item.pk))
        for team_id in {*credit, *(day.team_id for day in days)}:
            mine = [day for day in days if day.team_id == team_id]
            cost = OutcomeCost.objects.create(
                item_id=item.pk, kind=item.kind, team_id=team_id, fate=self.fates[name],
                completed_on=item.completed_at and item.completed_at.date(),
                credit_ppm=credit.get(team_id, 0),
                billed_nanos=sum(day.reporting_billed_nanos or 0 for day in mine),
                effective_nanos=sum(day.reporting_effective_nanos or 0 for day in mine),
            )  # fmt: skip
            if cost.completed_on:
                self.add_to_outcome_day(cost)

    def add_to_outcome_day(self, cost: OutcomeCost) -> None:
        at = {"completed_on": cost.completed_on, "kind": cost.kind, "team_id": cost.team_id}
        day = OutcomeDay.objects.filter(**at).first() or OutcomeDay(
            **at, items=0, credit_ppm=0, value_ppm=0, billed_nanos=0, effective_nanos=0
        )
        day.items += 1 if cost.credit_ppm else 0
        day.credit_ppm += cost.credit_ppm
        day.value_ppm += cost.credit_ppm if cost.fate == "value" else 0
        day.billed_nanos += cost.billed_nanos
        day.effective_nanos += cost.effective_nanos
        day.save()


def october(day: int) -> date:
    return date(2026, 10, day)


def worked_month() -> Books:
    """October of the worked example: $315.00 billed, and every dollar's place known."""
    books = Books()
    books.item("PR-1", done=october(5))
    books.item("PR-2", done=october(9))
    books.item("PR-3", done=october(10))
    books.item("PR-4", fate="abandoned", state="abandoned", closed_at=noon(october(14)))
    books.item("PR-5")
    books.item("TCK-9", kind="ticket", team="support", done=october(8))
    books.spend(october(4), 12345, team="core", item="PR-1")
    books.spend(october(7), 466, team="core", item="PR-2", tier="A2", nanos=4_662_000_000)
    books.spend(october(7), 311, team="core", item="PR-3", tier="A2", nanos=3_108_000_000)
    books.spend(october(8), 2501, team="core", item="PR-2", tier="B", nanos=25_005_000_000)
    books.spend(october(8), 2500, team="core", item="PR-3", tier="B", nanos=25_005_000_000)
    books.spend(october(13), 2500, team="core", item="PR-4")
    books.spend(october(21), 1999, team="core", item="PR-5", tier="B")
    books.spend(october(15), 1000, team="core")
    books.spend(october(16), 3333, team="support")
    books.spend(october(17), 4000)
    books.spend(october(31), -169)
    books.spend(october(18), 250, reason="no_identity")
    books.spend(october(8), 60, team="support", item="TCK-9")
    books.spend(october(19), 404, team="sales", reason="no_outcome_in_period")
    return books.settled()
