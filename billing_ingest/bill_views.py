"""Setup > Bills: where several bills speak of the same money, which one is it, and what a switch moves."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from billing_ingest import bills, wording
from billing_ingest.access import for_administrators, for_uploaders, may_administer, user_of
from billing_ingest.bills import Bill, Scope
from billing_ingest.parts import Totals
from finops.ledger.models import BillingScope, FeedSwitch


@dataclass(frozen=True)
class Row:
    """A billing scope on the list."""

    seen: Scope

    @property
    def month(self) -> str:
        scope = self.seen.scope
        return wording.period(scope.billing_period_start, scope.billing_period_end)

    @property
    def differences(self) -> list[dict[str, str]]:
        return [
            {"label": other.label, "amount": written(self.seen.difference(other), signed=True)}
            for other in self.seen.others
        ]

    @property
    def money(self) -> str:
        return written(self.seen.money.totals)


@require_GET
@for_uploaders
def all_bills(request: HttpRequest) -> HttpResponseBase:
    """The billing scopes that more than one bill speaks of."""
    rows = [Row(seen) for seen in bills.scopes_billed_twice()]
    context = {
        "page_title": "Bills",
        "rows": rows,
        "answer": answer(rows),
        "can_administer": may_administer(request),
    }
    return render(request, "setup/bills.html", context)


def answer(rows: list[Row]) -> str:
    if not rows:
        return "No. Every dollar comes from one bill."
    apart = sum(any(row.seen.difference(o) != same(o) for o in row.seen.others) for row in rows)
    scopes = wording.plural(len(rows), "account and month", "accounts and months")
    words = f"{scopes} came in more than one bill. Each books once."
    if not apart:
        return f"{words} The bills agree."
    return f"{words} In {apart} of them another bill says something else."


def same(other: Bill) -> Totals:
    return dict.fromkeys(other.totals, Decimal(0))


@require_GET
@for_uploaders
def one_bill(request: HttpRequest, scope_id: int) -> HttpResponseBase:
    """One billing scope: its bills side by side, and what each would change."""
    seen = scope_or_404(scope_id)
    context = {
        "page_title": f"Bills of {seen.scope.invoice_issuer_name}",
        "row": Row(seen),
        "seen": seen,
        "others": [compared(seen, other) for other in seen.others],
        "switches": [switched(one) for one in seen.scope.switches.select_related("by", "from_source", "to_source")],
        "can_administer": may_administer(request),
    }  # fmt: skip
    return render(request, "setup/bill.html", context)


def scope_or_404(scope_id: int) -> Scope:
    found = bills.scopes_of([get_object_or_404(BillingScope, pk=scope_id)])
    if not found:
        raise Http404
    return found[0]


def compared(seen: Scope, other: Bill) -> dict[str, Any]:
    """The money beside another bill, per currency as the component `ledger` takes it."""
    difference = seen.difference(other)
    columns = [
        {
            "title": f"In {currency}",
            "rows": [
                {"label": f"Now: {seen.money.label}", "amount": in_words(seen.money.totals, currency)},
                {"label": f"Then: {other.label}", "amount": in_words(other.totals, currency)},
            ],
            "sum": {"label": "Change in booked spend", "amount": wording.amount(amount, currency, signed=True)},
        }
        for currency, amount in sorted(difference.items())
    ]  # fmt: skip
    return {"bill": other, "ledger": columns, "days": by_day(seen.money, other)}


def by_day(money: Bill, other: Bill) -> list[dict[str, str]]:
    """The days on which two bills that are cut into days differ; empty when one is not."""
    if money.by_day is None or other.by_day is None:
        return []
    found: list[dict[str, str]] = []
    for day in sorted({*money.by_day, *other.by_day}):
        now, then = money.by_day.get(day, {}), other.by_day.get(day, {})
        for currency in sorted({*now, *then}):
            change = then.get(currency, Decimal(0)) - now.get(currency, Decimal(0))
            if change:
                found.append(day_row(day, now, then, currency, change))
    return found


def day_row(day: date, now: Totals, then: Totals, currency: str, change: Decimal) -> dict[str, str]:
    return {
        "day": wording.day(day), "now": in_words(now, currency), "then": in_words(then, currency),
        "change": wording.amount(change, currency, signed=True),
    }  # fmt: skip


def switched(one: FeedSwitch) -> dict[str, Any]:
    return {
        "at": one.at,
        "by": one.by.get_username() if one.by else "",
        "old": bills.label_of(one.from_source, one.from_document),
        "new": bills.label_of(one.to_source, one.to_document),
        "moved": wording.totals(one.difference),
        "note": one.note,
    }


def in_words(totals: Totals, currency: str) -> str:
    return wording.amount(totals.get(currency, Decimal(0)), currency)


def written(totals: Totals, *, signed: bool = False) -> str:
    return ", ".join(
        wording.amount(amount, currency, signed=signed)
        for currency, amount in sorted(totals.items())
    )


@require_POST
@for_administrators
def switch(request: HttpRequest, scope_id: int) -> HttpResponseBase:
    """Let another bill be the money."""
    get_object_or_404(BillingScope, pk=scope_id)
    said = request.POST
    try:
        made = bills.switch(
            scope_id, said.get("source", ""), said.get("document", ""), by=user_of(request),
            note=said.get("note", "").strip()[:500], now=timezone.now(),
        )  # fmt: skip
        words = bills.label_of(made.to_source, made.to_document)
        messages.success(request, f"{words} is the money now. The figures follow in a moment.")
    except bills.NotPossibleError as error:
        messages.error(request, str(error))
    return redirect("bill", scope_id)
