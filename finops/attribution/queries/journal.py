"""The month as journal entries for chargeback: each cost centre owes its part of each vendor.

One entry per vendor (and currency): a debit for every team, a credit for the vendor. Entries
balance to the cent and sum to the printed total: vendors are rounded so that they add up to the
total, the teams of a vendor so that they add up to the vendor, both by largest remainder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.utils.text import slugify

from finops.attribution.present import cents_of_column
from finops.money import to_cents
from finops.people.models import Team
from finops.periods import Period

from .books import FINE_MONEY, scope_params
from .known import names_known
from .organisation import organisation, team_refs
from .shapes import CostColumn, Scope, TeamRef
from .sql_files import fetch

COLUMNS = (
    *("date", "entry", "account", "cost_center", "team", "vendor", "description"),
    *("debit", "credit", "currency"),
)
SPEND, NO_CENTER = "AI spend", "AI spend, no cost centre"
CLEARING = "AI clearing, nobody's spend"
PAYABLE, ACCRUED = "Vendor payable", "Accrued vendor cost"


@dataclass(frozen=True, order=True)
class Owed:
    """Which entry a part belongs to, and who owes it (team None: nobody, yet)."""

    currency: str
    is_accrual: bool
    vendor: str
    team_id: int | None


Parts = Mapping[Owed, int]  # in cents


@dataclass(frozen=True)
class Line:
    """A line of an entry. One of debit and credit is nothing; both in cents, never negative."""

    day: date
    entry: str
    account: str
    cost_center: str
    team: str
    vendor: str
    description: str
    debit: int
    credit: int
    currency: str

    def row(self) -> list[str]:
        """Return the line as plain values, in the order of COLUMNS."""
        return [
            f"{self.day}", self.entry, self.account, self.cost_center, self.team, self.vendor,
            self.description, cents_or_nothing(self.debit), cents_or_nothing(self.credit),
            self.currency,
        ]  # fmt: skip

    def reversed(self) -> "Line":
        return replace(
            self, entry=f"{self.entry}-REV", debit=self.credit, credit=self.debit,
            description=f"Reversal: {self.description}",
        )  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """Which journal: a month as known at a moment (None: now), whole or only what changed since.

    `day` is the date of the entries. is_accrued adds money that is provisional still, in
    entries of its own.
    """

    month: Period
    day: date
    known_on: datetime | None = None
    since: datetime | None = None
    cost: CostColumn = "billed"
    is_accrued: bool = False
    is_reversed: bool = False


def journal(asked: Asked) -> list[Line]:
    """Return the lines, entry by entry; the credit of the vendor closes each.

    What changed since a moment is the difference of the printed journals, so that a journal and
    its adjustments add up to the journal of today.
    """
    parts = dict(in_cents(asked, asked.known_on))
    if asked.since:
        for owed, cents in in_cents(asked, asked.since).items():
            parts[owed] = parts.get(owed, 0) - cents
    lines = entries(parts, asked)
    return [line.reversed() for line in lines] if asked.is_reversed else lines


def in_cents(asked: Asked, moment: datetime | None) -> Parts:
    """Return what everybody owes each vendor, in cents that add up."""
    scope = Scope(asked.month, cost=asked.cost, known_on=moment)
    reporting = organisation(moment).reporting_currency
    groups: dict[tuple[str, bool], dict[str, dict[Owed, int]]] = {}
    for team, vendor, is_provisional, currency, nanos in fetch(
        *FINE_MONEY, "money_for_journal", **scope_params(scope)
    ):
        if is_provisional and not asked.is_accrued:
            continue
        owed = Owed(currency or reporting, is_provisional, vendor, team)
        vendors = groups.setdefault((owed.currency, is_provisional), {})
        of_vendor = vendors.setdefault(vendor, {})
        of_vendor[owed] = of_vendor.get(owed, 0) + nanos
    found: dict[Owed, int] = {}
    for vendors in groups.values():
        found |= rounded(vendors)
    return found


def rounded(vendors: Mapping[str, Mapping[Owed, int]]) -> dict[Owed, int]:
    """Round the vendors to the total, then the teams of each to the vendor."""
    names = sorted(vendors)
    sums = [sum(vendors[name].values()) for name in names]
    found: dict[Owed, int] = {}
    for name, cents in zip(names, cents_of_column(sums, to_cents(sum(sums))), strict=True):
        parts = sorted(vendors[name].items(), key=lambda part: part[0].team_id or 0)
        each = cents_of_column([nanos for _, nanos in parts], cents)
        found |= {owed: part for (owed, _), part in zip(parts, each, strict=True)}
    return found


def entries(parts: Parts, asked: Asked) -> list[Line]:
    """Return balanced entries: one per currency, kind of money and vendor."""
    refs, centers = names(asked.known_on)
    groups: dict[tuple[str, bool, str], list[tuple[TeamRef, int]]] = {}
    for owed, cents in parts.items():
        team = refs.get(owed.team_id, refs[None])
        groups.setdefault((owed.currency, owed.is_accrual, owed.vendor), []).append((team, cents))
    lines: list[Line] = []
    for (currency, is_accrual, vendor), owing in sorted(groups.items(), key=lambda g: g[0]):
        lines += entry(asked, currency, is_accrual, vendor, in_order(owing), centers)
    return lines


def in_order(owing: Sequence[tuple[TeamRef, int]]) -> list[tuple[TeamRef, int]]:
    """Return the teams by slug, what belongs to nobody last."""
    return sorted(owing, key=lambda part: (part[0].id is None, part[0].slug))


def entry(
    asked: Asked,
    currency: str,
    is_accrual: bool,
    vendor: str,
    owing: Sequence[tuple[TeamRef, int]],
    centers: Mapping[int, str],
) -> list[Line]:
    """Return one entry; empty when nobody owes anything."""
    number = entry_number(asked, currency, is_accrual, vendor)
    what = "accrued AI spend" if is_accrual else "AI spend"
    words = f"{vendor}, {what} of {asked.month.start:%B %Y}"
    if asked.since:
        words += f", changed since {asked.since:%Y-%m-%d}"

    def line(account: str, center: str, team: str, cents: int) -> Line:
        debit, credit = max(cents, 0), max(-cents, 0)
        return Line(
            asked.day, number, account, center, team, vendor, words, debit, credit, currency
        )

    lines = [
        line(*account_of(team, centers), "" if team.id is None else team.name, cents)
        for team, cents in owing
        if cents
    ]
    total = sum(cents for _, cents in owing)
    if total:
        lines.append(line(ACCRUED if is_accrual else PAYABLE, "", "", -total))
    return lines


def account_of(team: TeamRef, centers: Mapping[int, str]) -> tuple[str, str]:
    """Return the account and the cost centre that a team's debit goes to."""
    if team.id is None:
        return CLEARING, ""
    center = centers.get(team.id, "")
    return (SPEND, center) if center else (NO_CENTER, "")


def entry_number(asked: Asked, currency: str, is_accrual: bool, vendor: str) -> str:
    """Return a number that tells entries apart and stays the same when asked for again."""
    parts = ["AI", f"{asked.month.start:%Y-%m}", slugify(vendor) or "vendor", currency]
    if is_accrual:
        parts.append("ACC")
    if asked.since:
        parts.append(f"ADJ-{asked.day:%Y%m%d}")
    return "-".join(parts)


def names(moment: datetime | None) -> tuple[dict[int | None, TeamRef], dict[int, str]]:
    """Return teams and their cost centres as known at a moment."""
    refs = team_refs(moment)
    if moment is None:
        return refs, dict(Team.objects.values_list("id", "cost_center"))
    return refs, names_known(moment).cost_centers


def cents_or_nothing(cents: int) -> str:
    return f"{Decimal(cents).scaleb(-2):f}" if cents else ""


def sums(lines: Sequence[Line]) -> dict[str, tuple[int, int]]:
    """Return debit and credit by currency, in cents: two equal numbers each."""
    found: dict[str, tuple[int, int]] = {}
    for line in lines:
        debit, credit = found.get(line.currency, (0, 0))
        found[line.currency] = (debit + line.debit, credit + line.credit)
    return found
