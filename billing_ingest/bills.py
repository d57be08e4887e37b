"""Which bill is the money of a billing scope, which others there are, and the switch between them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction

from billing_ingest import jobs
from billing_ingest.parts import Totals, add, plain_totals
from billing_ingest.registry import CONNECTORS, connector
from billing_ingest.replace import amounts, mark_slices
from finops.ledger.models import BillingScope, FeedSwitch, Slice, Source


class NotPossibleError(Exception):
    """The switch does not fit the bills there are by now; the text says why."""


@dataclass
class Bill:
    """What one document of one source says a billing scope costs."""

    source: Source
    document: str
    is_money: bool
    totals: Totals = field(default_factory=dict)
    rows: int = 0
    last_day: date | None = None
    by_day: dict[date, Totals] | None = field(default_factory=dict)  # None: not told day by day

    @property
    def label(self) -> str:
        return label_of(self.source, self.document)

    def take(self, part: Slice) -> None:
        """Count one of its slices."""
        self.rows += part.rows
        self.last_day = max(filter(None, (self.last_day, part.last_day)), default=None)
        for currency, amount in amounts(part.totals).items():
            add(self.totals, currency, amount)
        self.take_day(part)

    def take_day(self, part: Slice) -> None:
        if part.first_day is None or part.first_day != part.last_day:
            self.by_day = None
        if self.by_day is not None and part.first_day is not None:
            day = self.by_day.setdefault(part.first_day, {})
            for currency, amount in amounts(part.totals).items():
                add(day, currency, amount)


@dataclass
class Scope:
    """A billing scope and its bills, the money first."""

    scope: BillingScope
    bills: list[Bill]

    @property
    def money(self) -> Bill:
        return self.bills[0]

    @property
    def others(self) -> list[Bill]:
        return self.bills[1:]

    def difference(self, other: Bill) -> Totals:
        """Return what booked spend would change by, per currency, if `other` were the money."""
        found = dict(other.totals)
        for currency, amount in self.money.totals.items():
            add(found, currency, -amount)
        return found


def scopes_billed_twice() -> list[Scope]:
    """Return the billing scopes that more than one bill speaks of, the newest first."""
    standing = Slice.objects.filter(table="charge", superseded_at=None)
    bills = standing.values_list("billing_scope", "source", "document").distinct()
    several = Counter(scope for scope, _, _ in bills if scope)
    ids = [scope for scope, count in several.items() if count > 1]
    return scopes_of(BillingScope.objects.filter(pk__in=ids))


def scopes_of(wanted: Iterable[BillingScope]) -> list[Scope]:
    """Return these scopes with their bills."""
    by_id = {scope.pk: scope for scope in wanted}
    parts = Slice.objects.filter(billing_scope__in=by_id, table="charge", superseded_at=None)
    found: dict[int, dict[tuple[int, str], Bill]] = defaultdict(dict)
    for part in parts.select_related("source").order_by("id"):
        scope = by_id[part.billing_scope_id or 0]
        who = (part.source_id, part.document)
        is_money = who == (scope.feed_id, scope.feed_document)
        bill = found[scope.pk].setdefault(who, Bill(part.source, part.document, is_money))
        bill.take(part)
    scopes = [
        Scope(by_id[pk], sorted(bills.values(), key=lambda bill: not bill.is_money))
        for pk, bills in found.items()
        if any(bill.is_money for bill in bills.values())
    ]
    return sorted(
        scopes,
        key=lambda one: (
            -one.scope.billing_period_start.toordinal(),
            one.scope.invoice_issuer_name,
        ),
    )


def switch(
    scope_id: int, source_key: str, document: str, *, by: Any, note: str, now: datetime
) -> FeedSwitch:
    """Let another bill be the money of a scope, and queue the settle that follows.

    Raises NotPossibleError when it is the money already or brings no bill of the scope.
    """
    with transaction.atomic():
        scope = BillingScope.objects.select_for_update().get(pk=scope_id)
        seen = next(iter(scopes_of([scope])), None)
        others = seen.others if seen else []
        wanted = [b for b in others if (b.source.key, b.document) == (source_key, document)]
        if seen is None or not wanted:
            raise NotPossibleError("This bill is the money already, or it is not there any more.")
        old, new = seen.money, wanted[0]
        made = FeedSwitch.objects.create(
            scope=scope, from_source=old.source, from_document=old.document, to_source=new.source,
            to_document=new.document, difference=plain_totals(seen.difference(new)), note=note,
            by=by, at=now,
        )  # fmt: skip
        scope.feed, scope.feed_document = new.source, new.document
        scope.save(update_fields=["feed", "feed_document"])
        parts = Slice.objects.filter(billing_scope=scope, table="charge", superseded_at=None)
        mark_slices(parts.values_list("id", flat=True))
        jobs.enqueue_settle(now)
    return made


def label_of(source: Source, document: str) -> str:
    """The bill in words: whose, and which kind of file when the source brings several."""
    kinds = connector(source.connector).documents if source.connector in CONNECTORS else ()
    label = next((kind.label for kind in kinds if kind.name == document), document)
    return f"{source.name}, {label}" if label else source.name
