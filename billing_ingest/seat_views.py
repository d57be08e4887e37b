"""Setup > Seats: who holds which seat, since when, last active; people only for those who may see them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from billing_ingest import wording
from billing_ingest.access import for_uploaders, may_administer
from finops.attribution.queries.organisation import organisation
from finops.ledger.models import Seat

SHOWN = 200
ACTIVE_FOR = timedelta(days=30)
# Lists that name every seat there is: one that a newer list leaves out is gone.
WHOLE_LISTS = ("github_copilot",)
PER = {"month": "a month", "year": "a year", "": ""}


@dataclass(frozen=True)
class Plan:
    """The seats of one vendor and plan that are held today."""

    vendor: str
    plan: str
    seats: int
    active: int  # in the last 30 days
    unknown: int  # nobody said when they were last used
    prices: str

    @property
    def quiet(self) -> int:
        return self.seats - self.active - self.unknown


@dataclass(frozen=True)
class Row:
    """A seat and its holder."""

    seat: Seat
    is_gone: bool  # the vendor's newest list leaves it out

    @property
    def holder(self) -> str:
        return self.seat.holder_name or self.seat.holder

    @property
    def price(self) -> str:
        if self.seat.price is None:
            return ""
        return wording.amount(self.seat.price, self.seat.currency)

    @property
    def per(self) -> str:
        return PER[self.seat.period]


@require_GET
@for_uploaders
def seats(request: HttpRequest) -> HttpResponseBase:
    """The plans with their seats; below them the holders."""
    now = timezone.now()
    may_see_people = may_administer(request) or organisation().person_level
    search = request.GET.get("q", "").strip()
    plans = plans_of(now)
    found = holders(search) if may_see_people else Seat.objects.none()
    rows = rows_of(found)
    context = {
        "page_title": "Seats",
        "answer": answer(plans),
        "plans": plans,
        "rows": rows,
        "more": max(found.count() - len(rows), 0),
        "search": search,
        "may_see_people": may_see_people,
        "can_administer": may_administer(request),
    }
    return render(request, "setup/seats.html", context)


def held_on(day: date) -> Q:
    return Q(assigned_to=None) | Q(assigned_to__gt=day)


def plans_of(now: datetime) -> list[Plan]:
    since = now - ACTIVE_FOR
    counted = (
        listed()
        .filter(held_on(now.date()))
        .values("vendor", "plan")
        .annotate(
            seats=Count("id"),
            active=Count("id", filter=Q(last_active_at__gte=since)),
            unknown=Count("id", filter=Q(last_active_at=None)),
            low=Min("price"), high=Max("price"), one_currency=Max("currency"), per=Max("period"),
            currencies=Count("currency", distinct=True, filter=~Q(currency="")),
            periods=Count("period", distinct=True, filter=~Q(period="")),
        )
        .order_by("vendor", "plan")
    )  # fmt: skip
    return [
        Plan(one["vendor"], one["plan"], one["seats"], one["active"], one["unknown"],
             prices(one["low"], one["high"], one["one_currency"], one["per"])
             if one["currencies"] == 1 and one["periods"] <= 1 else "")
        for one in counted
    ]  # fmt: skip


def prices(low: Decimal, high: Decimal, currency: str, period: str) -> str:
    """One price, or from which to which."""
    ends = [wording.amount(amount, currency) for amount in dict.fromkeys((low, high))]
    return f"{' to '.join(ends)} {PER[period]}".strip()


def listed() -> QuerySet[Seat]:
    """Seats, without those that the newest whole list of their source leaves out."""
    return Seat.objects.exclude(pk__in=gone())


def gone() -> QuerySet[Seat]:
    newest = (
        Seat.objects.filter(source__connector__in=WHOLE_LISTS)
        .values("source")
        .annotate(newest=Max("imp"))
        .values_list("source", "newest")
    )
    left_out = Q(pk__in=[])
    for source, imp in newest:
        left_out |= Q(source=source, imp__lt=imp)
    return Seat.objects.filter(left_out).order_by().values("pk")  # type: ignore[return-value]


def holders(search: str) -> QuerySet[Seat]:
    named = Q()
    for word in search.split():
        named &= (
            Q(holder__icontains=word) | Q(holder_name__icontains=word)
            | Q(vendor__icontains=word) | Q(plan__icontains=word)
        )  # fmt: skip
    return Seat.objects.filter(named).order_by(
        F("assigned_to").desc(nulls_first=True), "vendor", "plan", "holder", "assigned_from"
    )


def rows_of(found: QuerySet[Seat]) -> list[Row]:
    left_out = set(gone().values_list("pk", flat=True))
    return [Row(seat, seat.pk in left_out) for seat in found[:SHOWN]]


def answer(plans: list[Plan]) -> SafeString:
    if not plans:
        return format_html("{}", "None yet. Lists of seats come by API or as a file.")
    held = sum(plan.seats for plan in plans)
    quiet = sum(plan.quiet for plan in plans)
    words = "all known to be used were used in the last 30 days" if not quiet else (
        f"{quiet} {'was' if quiet == 1 else 'were'} not used in the last 30 days"
    )  # fmt: skip
    return format_html("<b>{}</b> held today; {}.", wording.plural(held, "seat"), words)
