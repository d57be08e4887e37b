"""Slices: what a delivery replaces, what stays because nothing changed, and the way back."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from billing_ingest.parts import SEPARATOR, Group, Scope, Totals, plain_totals, sum_of
from billing_ingest.registry import connector
from finops.attribution.models import Dirty
from finops.ledger.models import BillingScope, Import, Slice, Source

SHRINK_MAX = Decimal("0.2")


@dataclass
class Replacement:
    """How the slices of one table of a delivery meet those that are active now."""

    table: str
    fresh: list[Group] = field(default_factory=list)
    unchanged: list[tuple[Group, Slice]] = field(default_factory=list)
    replaced: dict[int, Slice] = field(default_factory=dict)
    new_id: dict[str, int] = field(default_factory=dict)  # key -> id of the slice made for it

    @property
    def old_rows(self) -> int:
        return sum(old.rows for old in self.replaced.values())

    @property
    def new_rows(self) -> int:
        """Rows of the slices that take the place of older ones, not of wholly new ones."""
        return sum(group.rows for group in self.successors)

    @property
    def old_totals(self) -> Totals:
        return sum_of(amounts(old.totals) for old in self.replaced.values())

    @property
    def new_totals(self) -> Totals:
        return sum_of(group.totals for group in self.successors)

    @property
    def successors(self) -> list[Group]:
        keys = {old.key for old in self.replaced.values()}
        units = {unit for old in self.replaced.values() for unit in prefixes(old.key)}
        return [group for group in self.fresh if group.key in keys or group.unit in units]

    @property
    def shrinks_by(self) -> Decimal:
        """The largest share of rows or money that would be replaced by nothing, 0 to 1."""
        new_totals = self.new_totals
        shares = [share_lost(Decimal(self.old_rows), Decimal(self.new_rows))]
        for currency, old in self.old_totals.items():
            shares.append(share_lost(old, new_totals.get(currency, Decimal(0))))
        return max(shares)


def share_lost(old: Decimal, new: Decimal) -> Decimal:
    return max((old - new) / old, Decimal(0)) if old > 0 else Decimal(0)


def amounts(totals: dict[str, str]) -> Totals:
    return {currency: Decimal(amount) for currency, amount in totals.items()}


def plan_replacement(source: Source, table: str, groups: list[Group]) -> Replacement:
    """Compare the delivery's slices with the active ones of the source. Changes nothing."""
    plan = Replacement(table)
    units = {group.unit for group in groups}
    standing = Slice.objects.filter(source=source, table=table, superseded_at=None)
    active = [old for old in standing.select_related("imp") if units & set(prefixes(old.key))]
    by_key = {old.key: old for old in active}
    for group in groups:
        old = by_key.get(group.key)
        if old and old.content_hash == group.content_hash:
            plan.unchanged.append((group, by_key.pop(group.key)))
        else:
            plan.fresh.append(group)
    plan.replaced = {old.id: old for old in by_key.values()}
    return plan


def prefixes(key: str) -> list[str]:
    """Return the units a slice of this key may belong to: the key and every prefix of its parts."""
    parts = key.split(SEPARATOR)
    return [SEPARATOR.join(parts[:count]) for count in range(1, len(parts) + 1)]


def book_slices(imp: Import, plan: Replacement, now: datetime) -> list[BillingScope]:
    """Make the new slices and supersede the old ones; return the scopes fed by another source."""
    Slice.objects.filter(id__in=plan.replaced).update(superseded_at=now)
    elsewhere: dict[int, BillingScope] = {}
    by_unit: dict[str, int] = {}
    for group in plan.fresh:
        scope = billing_scope(imp, group.scope) if group.scope else None
        if scope and (scope.feed_id, scope.feed_document) != (imp.source_id, imp.document):
            elsewhere[scope.id] = scope
        made = Slice.objects.create(
            source=imp.source, imp=imp, document=imp.document, table=plan.table, key=group.key, billing_scope=scope,
            first_day=group.first_day, last_day=group.last_day, rows=group.rows,
            totals=plain_totals(group.totals), content_hash=group.content_hash,
        )  # fmt: skip
        plan.new_id[group.key] = made.id
        by_unit.setdefault(group.unit, made.id)
    for old in plan.replaced.values():
        heir = plan.new_id.get(old.key) or heir_of(old, by_unit)
        Slice.objects.filter(id=old.id).update(superseded_by=heir)
    mark_slices([*plan.replaced, *plan.new_id.values()])
    return list(elsewhere.values())


def heir_of(old: Slice, by_unit: dict[str, int]) -> int | None:
    """Return the new slice that stands where the old one stood, when their keys differ."""
    return next((by_unit[unit] for unit in prefixes(old.key) if unit in by_unit), None)


def billing_scope(imp: Import, scope: Scope) -> BillingScope:
    """Return the scope; the first bill of it that comes becomes its money feed.

    A bill is what one document of one source says: two documents may bill the same money.
    """
    found, _ = BillingScope.objects.get_or_create(
        **scope_key(scope),
        defaults={
            "billing_period_end": scope.end,
            "feed": imp.source,
            "feed_document": imp.document,
        },
    )
    return found


def scope_key(scope: Scope) -> dict[str, Any]:
    """Return the fields that name a billing scope."""
    return {
        "invoice_issuer_name": scope.invoice_issuer_name,
        "billing_account_id": scope.billing_account_id,
        "billing_period_start": scope.start,
        "bill": scope.bill,
    }


def feed_name(scope: BillingScope, imp: Import) -> str:
    """Return in words whose bill is the scope's money; within the import's source, which one."""
    if scope.feed_id != imp.source_id:
        return scope.feed.name
    labels = {known.name: known.label for known in connector(imp.source.connector).documents}
    return f"{scope.feed.name} ({labels.get(scope.feed_document, scope.feed_document)})"


def make_partitions(table: str, months: Iterable[date]) -> None:
    with connection.cursor() as cursor:
        for month in months:
            cursor.execute("SELECT ledger_partition(%s, %s)", [table, month])


def mark_slices(ids: Iterable[int]) -> None:
    """Leave word for settle that these slices changed."""
    Dirty.objects.bulk_create([Dirty(what="slice", ref=str(id_)) for id_ in ids])


def take_back(imp: Import) -> None:
    """Supersede the import's slices by what they had superseded."""
    now = timezone.now()
    for mine in Slice.objects.filter(imp=imp).order_by("id"):
        before = list(mine.superseded.all())
        if mine.superseded_at is not None:
            # A later delivery stands here already: it now stands on what this one stood on.
            Slice.objects.filter(id__in=[old.id for old in before]).update(
                superseded_by=mine.superseded_by
            )
            Slice.objects.filter(id=mine.id).update(superseded_by=None)
            continue
        Slice.objects.filter(id=mine.id).update(superseded_at=now)
        Slice.objects.filter(id__in=[old.id for old in before]).update(
            superseded_at=None, superseded_by=None
        )
        mark_slices([mine.id, *(old.id for old in before)])
        hand_over_feed(mine)


def hand_over_feed(gone: Slice) -> None:
    """Let another bill feed the scope when nothing of its feed is active any more."""
    scope = gone.billing_scope
    if scope is None or (scope.feed_id, scope.feed_document) != (gone.source_id, gone.document):
        return
    active = Slice.objects.filter(billing_scope=scope, table="charge", superseded_at=None)
    if active.filter(source=scope.feed_id, document=scope.feed_document).exists():
        return
    if other := active.order_by("id").first():
        scope.feed, scope.feed_document = other.source, other.document
        scope.save(update_fields=["feed", "feed_document"])
        its = active.filter(source=other.source, document=other.document)
        mark_slices(its.values_list("id", flat=True))
