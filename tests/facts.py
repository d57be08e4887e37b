"""Facts written straight into the ledger, for tests of what settle makes of them.

Each function marks what it changed dirty, as the loader does.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from finops.attribution.models import (
    ActorSeen,
    Allocation,
    AllocationRule,
    BillDay,
    BillMonth,
    Cell,
    Dirty,
    ItemDay,
    ItemFate,
    ItemTeam,
    LogDay,
    MeterDay,
    MeterMonth,
    NameDay,
    OutcomeCost,
    OutcomeDay,
    SpendDay,
    SpendMonth,
    TeamDay,
    UsageDay,
)
from finops.ledger.models import BillingScope, Charge, Import, Slice, Source, Usage
from finops.outcomes.models import WorkItem, WorkItemKey, WorkItemLink, WorkItemPerson
from finops.people.models import Identity, Membership, Person, Team


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def team(slug: str) -> Team:
    return Team.objects.get_or_create(slug=slug, defaults={"name": slug.title(), "color": 1})[0]


def person(name: str, team_slug: str | None = None) -> Person:
    """A person known by e-mail, a member of the team all the time."""
    who, _ = Person.objects.get_or_create(email=f"{name}@acme.test", defaults={"name": name})
    Identity.objects.get_or_create(namespace="email", external_id=who.email, person=who)
    if team_slug:
        Membership.objects.get_or_create(person=who, team=team(team_slug))
    dirty("person", who.pk)
    dirty("actor", f"email:{who.email}")
    return who


def source(key: str, **more: Any) -> Source:
    return Source.objects.get_or_create(
        key=key, defaults={"name": key, "connector": "focus"} | more
    )[0]


def deliver(of: Source, table: str, key: str, first: str, last: str, document: str = "") -> Slice:
    """A new active slice; the one it replaces is superseded."""
    imp = Import.objects.create(
        source=of, state="loaded", filename=key, sha256="0" * 64, size_bytes=1, document=document
    )
    old = Slice.objects.filter(source=of, table=table, key=key, superseded_at__isnull=True)
    for gone in old:
        dirty("slice", gone.pk)
    old.update(superseded_at=timezone.now())
    part = Slice.objects.create(
        source=of, imp=imp, table=table, key=key, first_day=first, last_day=last, document=document,
        billing_scope=scope(of, first, document) if table == "charge" else None,
    )  # fmt: skip
    dirty("slice", part.pk)
    with connection.cursor() as cursor:
        for day in (first, last):
            cursor.execute("SELECT ledger_partition(%s, %s::date)", [f"ledger_{table}", day])
    return part


def scope(of: Source, day: str, document: str = "") -> BillingScope:
    month = date.fromisoformat(day).replace(day=1)
    return BillingScope.objects.get_or_create(
        invoice_issuer_name="Vendor", billing_account_id=of.key, billing_period_start=month,
        defaults={
            "billing_period_end": (month + timedelta(days=32)).replace(day=1), "feed": of,
            "feed_document": document,
        },
    )[0]  # fmt: skip


def charge(
    part: Slice, day: str, nanos: int, *, line: int = 2, days: int = 1, **more: Any
) -> Charge:
    start = at(day)
    amount = Decimal(nanos).scaleb(-9)
    facts = {
        "charged_on": start.date(), "slice": part, "line": line, "invoice_issuer_name": "Vendor",
        "provider_name": "Vendor", "billing_account_id": part.source.key, "billing_currency": "USD",
        "billing_period_start": start.replace(day=1), "billing_period_end": start.replace(day=28),
        "charge_period_start": start, "charge_period_end": start + timedelta(days=days),
        "billed_cost": amount, "effective_cost": amount, "billed_nanos": nanos,
        "effective_nanos": nanos, "charge_category": "Usage", "provider": "vendor",
    }  # fmt: skip
    return Charge.objects.create(**facts | more)


def usage(part: Slice, when: str, *, line: int = 2, **more: Any) -> Usage:
    start = at(when)
    facts = {
        "occurred_on": start.date(), "occurred_at": start, "slice": part, "line": line, "provider": "vendor",
        "grain": "hour" if start.hour else "day",
    }  # fmt: skip
    return Usage.objects.create(**facts | more)


def item(
    key: str,
    *,
    state: str = "done",
    started: str | None = None,
    ended: str | None = None,
    people: tuple[str, ...] = (),
    keys: dict[str, int] | None = None,
    links: dict[str, str] | None = None,
    kind: str = "pull_request",
    **more: Any,
) -> WorkItem:
    """Write or rewrite a work item. keys: "session:s7" -> weight; links: key -> link type."""
    end = at(ended) if ended else None
    facts = {
        "external_id": key, "state": state, "started_at": at(started) if started else None,
        "completed_at": end if state == "done" else None,
        "first_completed_at": end if state == "done" else None,
        "closed_at": end if state == "abandoned" else None,
        "version_at": end or at(started or "2026-10-01"),
    }  # fmt: skip
    found, _ = WorkItem.objects.update_or_create(kind=kind, key=key.lower(), defaults=facts | more)
    for rows in (found.people, found.keys, found.links):
        rows.all().delete()
    for name in people:
        WorkItemPerson.objects.create(item=found, actor=f"{name}@acme.test", role="author")
    for name, weight in (keys or {}).items():
        key_type, value = name.split(":", 1)
        WorkItemKey.objects.create(item=found, key_type=key_type, value=value, weight=weight)
    for target, link_type in (links or {}).items():
        WorkItemLink.objects.create(
            item=found,
            link_type=link_type,
            target_kind=kind,
            target_key=target.lower(),
            evidence="text",
        )
    dirty("item", found.pk)
    return found


def rule(
    method: str,
    conditions: list[dict[str, Any]],
    shares: dict[str, Any],
    *,
    number: int | None = None,
    **more: Any,
) -> AllocationRule:
    """Write a rule, or a new version of one. shares: slug -> weight, or "service>slug" -> weight."""
    old = AllocationRule.objects.filter(number=number, superseded_at=None).first()
    if old:
        AllocationRule.objects.filter(pk=old.pk).update(superseded_at=timezone.now())
    number = number or AllocationRule.objects.count() + 1
    version = AllocationRule.objects.filter(number=number).count() + 1
    made = AllocationRule.objects.create(
        number=number, version=version, name=f"rule {number}", method=method, conditions=conditions,
        **{"position": number} | more,
    )  # fmt: skip
    for name, weight in shares.items():
        service, _, slug = name.rpartition(">")
        made.shares.create(
            service=team(service) if service else None, team=team(slug), weight=weight
        )
    dirty("rules", number)
    return made


def withdraw(number: int) -> None:
    AllocationRule.objects.filter(number=number, superseded_at=None).update(
        superseded_at=timezone.now()
    )
    dirty("rules", number)


def dirty(what: str, ref: object) -> None:
    Dirty.objects.create(what=what, ref=str(ref))


def derived() -> dict[str, list[str]]:
    """Everything settle derived, without row numbers: two equal books give equal answers."""
    tables = (
        Cell, Allocation, ItemDay, SpendDay, TeamDay, SpendMonth, UsageDay, ItemTeam, ItemFate, OutcomeCost,
        OutcomeDay, NameDay, ActorSeen, LogDay, BillDay, BillMonth, MeterDay, MeterMonth,
    )  # fmt: skip
    answer = {}
    for table in tables:
        names = [
            f.attname for f in table._meta.concrete_fields if f.attname not in ("id", "cell_id")
        ]
        answer[table.__name__] = sorted(map(str, table._default_manager.values_list(*names)))
    return answer


def money_by_target() -> dict[str, int]:
    """Billed nanos per work item's key, per pool and per reason (pools not yet spread)."""
    names = dict(WorkItem.objects.values_list("id", "external_id"))
    slugs = dict(Team.objects.values_list("id", "slug"))
    answer: dict[str, int] = {}
    for row in Allocation.objects.all():
        target = {"C": f"pool:{slugs.get(row.team_id or 0)}", "D": "shared", "E": row.reason}.get(
            row.tier
        )
        name = names[row.item_id] if row.item_id else str(target)
        answer[name] = answer.get(name, 0) + row.billed_nanos
    return answer
