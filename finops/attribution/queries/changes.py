"""Why spend differs between two periods, in causes that sum to the difference."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

from finops.money import NANOS
from finops.outcomes.kinds import KINDS
from finops.periods import Period, month_of

from .books import FINE_MONEY, Books, rows_of, scope_params, summed
from .comparison import both
from .organisation import organisation
from .prices import Effect, effects, priced, whole
from .shapes import Cause, Change, Scope
from .sql_files import fetch

NAMED = 3
UNTIED_TIERS = {"C": "pools", "D": "shared money", "E": "unattributed money"}
VendorTier = dict[tuple[str, str], int]
Days = dict[str, tuple[date, date]]


@dataclass(frozen=True)
class Side:
    """One of the two periods: money by vendor and tier, and what was completed."""

    scope: Scope
    money: VendorTier
    books: Books

    @property
    def vendors(self) -> dict[str, int]:
        return summed((vendor, nanos) for (vendor, _), nanos in self.money.items())


def what_changed(scope: Scope, against: Period) -> Change:
    """Return the causes of a change in spend since another period.

    Volume: more or fewer outcomes, each at the unit cost of before. New and ended sources:
    vendors with money in only one of the periods. Mix and price: see `prices`. The rest is what
    these do not explain. Causes of nothing are left out; what is left sums to the change.
    """
    before, after = sides(scope, against)
    prices, mixes = effects(priced(before.scope), priced(after.scope))
    days = vendor_days(before, after)
    found = [
        volume(before, after),
        new_sources(before, after, days),
        sources_effect("mix", ("Dearer mix of models", "Cheaper mix of models"), mixes),
        sources_effect("price", ("Higher prices", "Lower prices"), prices),
        ended_sources(before, after, days),
    ]
    spent_before, spent_after = sum(before.vendors.values()), sum(after.vendors.values())
    left = spent_after - spent_before - sum(cause.nanos for cause in found)
    found.append(Cause("rest", "Not explained", rest_reason(before, after), left))
    return Change(spent_before, spent_after, [cause for cause in found if cause.nanos])


def sides(scope: Scope, against: Period) -> tuple[Side, Side]:
    end = datetime.combine(max(scope.period.end, against.end), time(), UTC)
    books, earlier = both(scope, against, end)
    before = replace(scope, period=against)
    return (
        Side(before, by_vendor_and_tier(before), earlier or Books()),
        Side(scope, by_vendor_and_tier(scope), books),
    )


def by_vendor_and_tier(scope: Scope) -> VendorTier:
    rows = rows_of(scope, *FINE_MONEY, "money_by_tier")
    return summed(((vendor, tier), nanos) for vendor, tier, nanos in rows)


def volume(before: Side, after: Side) -> Cause:
    """Return what more or fewer outcomes would have cost at the unit cost of before."""
    old, new = done_by_kind(before.books), done_by_kind(after.books)
    nanos, parts = 0, []
    for kind in KINDS:
        credit, cost = old.get(kind, (0, 0))
        more = new.get(kind, (0, 0))[0] - credit
        if credit > 0 and more:
            nanos += whole(Decimal(more) * cost / credit)
            parts.append(counted(kind, more))
    name = "More work done" if nanos >= 0 else "Less work done"
    return Cause("volume", name, f"{listed(parts)} than {spoken(before.scope.period)}", nanos)


def done_by_kind(books: Books) -> dict[str, tuple[int, int]]:
    """Return credit in millionths and direct cost per kind."""
    credit = summed((kind, done.credit) for (_, kind), done in books.completed.items())
    cost = summed((kind, done.nanos) for (_, kind), done in books.completed.items())
    return {kind: (credit[kind], cost[kind]) for kind in credit}


def counted(kind: str, ppm: int) -> str:
    """Return "124 more merged pull requests"."""
    number = (Decimal(abs(ppm)) / 1_000_000).quantize(Decimal("0.1"))
    text = f"{number:,.0f}" if number == number.to_integral_value() else f"{number:,}"
    words = KINDS[kind].outcome if text == "1" else KINDS[kind].outcomes
    return f"{text} {'more' if ppm > 0 else 'fewer'} {words}"


def new_sources(before: Side, after: Side, days: Days) -> Cause:
    """Return the money of vendors that the other period does not have."""
    added = {v: nanos for v, nanos in after.vendors.items() if v not in before.vendors}
    names = [f"{v}, from {day_of(days[v][0])}" for v in by_size(added) if v in days]
    return Cause("new_sources", "New sources", some(names), sum(added.values()))


def ended_sources(before: Side, after: Side, days: Days) -> Cause:
    """Return the money of vendors that only the other period has, as a saving."""
    gone = {v: nanos for v, nanos in before.vendors.items() if v not in after.vendors}
    names = [f"{v}, until {day_of(days[v][1])}" for v in by_size(gone) if v in days]
    return Cause("ended_sources", "Ended sources", some(names), -sum(gone.values()))


def vendor_days(before: Side, after: Side) -> Days:
    """Return the first and last day of payment of each vendor that only one period has."""
    added = after.vendors.keys() - before.vendors.keys()
    gone = before.vendors.keys() - after.vendors.keys()
    if not added | gone:
        return {}
    period = before.scope.period
    rows = fetch(
        "vendor_days",
        **scope_params(after.scope),
        added=list(added),
        gone=list(gone),
        start_before=period.start,
        end_before=period.end,
    )
    return {vendor: (first, last) for vendor, first, last in rows}


def sources_effect(slug: str, names: tuple[str, str], found: list[Effect]) -> Cause:
    """Return the effects of all sources as one cause; the largest say why."""
    nanos = sum(effect.nanos for effect in found)
    dearer = nanos >= 0
    telling = sorted(
        (effect for effect in found if (effect.nanos > 0) == dearer),
        key=lambda effect: (-abs(effect.nanos), effect.source),
    )
    return Cause(slug, names[0 if dearer else 1], some([e.reason for e in telling]), nanos)


def rest_reason(before: Side, after: Side) -> str:
    """Return where to look for what is not explained: money that is not tied to outcomes."""
    both = before.vendors.keys() & after.vendors.keys()
    currency = organisation().reporting_currency
    moved = {
        words: sum(after.money.get((v, tier), 0) - before.money.get((v, tier), 0) for v in both)
        for tier, words in UNTIED_TIERS.items()
    }
    parts = [f"{words} {signed(nanos, currency)}" for words, nanos in moved.items() if nanos]
    usage = "usage per outcome and work not finished yet"
    return f"{usage}; {listed(parts)}" if parts else usage


def signed(nanos: int, currency: str) -> str:
    """Return "+1,007 USD", whole units: the cause's own amount stands beside it."""
    units = round(Decimal(nanos) / NANOS)
    return f"{'−' if units < 0 else '+'}{abs(units):,} {currency}"


def by_size(vendors: dict[str, int]) -> list[str]:
    return sorted(vendors, key=lambda vendor: (-vendors[vendor], vendor))


def some(parts: list[str]) -> str:
    """Return the first few parts, and how many more there are."""
    more = len(parts) - NAMED
    shown = "; ".join(parts[:NAMED])
    return f"{shown}; and {more} more" if more > 0 else shown


def listed(parts: list[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1] if parts else "")))


def spoken(period: Period) -> str:
    """Return "in September", or "in the period before" for anything but a calendar month."""
    is_month = period == month_of(period.start)
    return f"in {period.start:%B}" if is_month else "in the period before"


def day_of(day: date) -> str:
    return f"{day.day} {day:%b}"
