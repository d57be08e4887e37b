"""What an outcome cost, and where the money of a period went: the report behind every page."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal, TypeVar

from finops.outcomes.kinds import KINDS
from finops.people.models import Organisation

from .books import Books, Money, read_books, read_books_by
from .by_outcome import outcome_rows
from .by_person import person_rows
from .kind_costs import kind_costs
from .organisation import organisation, team_refs
from .rows import as_row, no_amounts
from .shapes import FATES, TIERS, NotKnownError, Scope, TeamRef, UnitCostReport, UnitCostRow

By = Literal["team", "month", "kind", "outcome", "tier", "fate", "person"]
NO_KIND = "none"
K = TypeVar("K")


class PersonLevelOffError(Exception):
    """The organisation does not allow reports by person."""


def unit_cost(scope: Scope, *, by: By | None, now: datetime) -> UnitCostReport:
    """Return the report of a scope, in rows by one dimension (None: only the total).

    Raises PersonLevelOffError for `by="person"` while the organisation keeps that level off, and
    NotKnownError for what no history is kept of, people above all.
    """
    if by == "person" and scope.known_on:
        raise NotKnownError("No history is kept by person: ask for it as it is known now.")
    company = organisation(scope.known_on)
    if by == "person" and not company.person_level:
        raise PersonLevelOffError("reports by person are switched off for this organisation")
    books = read_books(scope, now=now)
    total = whole_row("total", "Total", books, company)
    return UnitCostReport(
        currency=company.reporting_currency,
        total=total,
        rows=[] if by is None else rows_by(by, books, scope, total, company, now),
        unconverted=books.unconverted,
    )


def rows_by(
    by: By,
    books: Books,
    scope: Scope,
    total: UnitCostRow,
    company: Organisation,
    now: datetime,
) -> list[UnitCostRow]:
    makers: dict[By, Callable[[], list[UnitCostRow]]] = {
        "team": lambda: team_rows(books, company, team_refs(scope.known_on)),
        "month": lambda: month_rows(scope, company, now),
        "kind": lambda: kind_rows(books, total),
        "tier": lambda: plain_rows(books, TIERS, lambda money: money.tier),
        "fate": lambda: plain_rows(books, FATES, lambda money: money.fate),
        "outcome": lambda: outcome_rows(scope, books),
        "person": lambda: person_rows(scope, books),
    }
    return makers[by]()


def whole_row(key: str, label: str, books: Books, company: Organisation) -> UnitCostRow:
    """Return one row for everything in the books, with its unit costs."""
    kinds = kind_costs(books, books.team_ids, tied_min=company.tied_percent_min)
    return replace(as_row(key, label, books.money), kinds=kinds)


def team_rows(
    books: Books, company: Organisation, refs: Mapping[int | None, TeamRef] | None = None
) -> list[UnitCostRow]:
    """One row per team with money or outcomes, the dearest first, money without a team last."""
    refs = refs or team_refs()
    money = grouped(books.money, lambda piece: piece.team_id)
    rows = [
        replace(
            as_row(refs[team].slug, refs[team].name, money.get(team, [])),
            kinds=kind_costs(books, {team}, tied_min=company.tied_percent_min),
            team=refs[team],
        )
        for team in books.team_ids
    ]
    return sorted(rows, key=lambda row: (row.team == refs[None], -row.spend, row.key))


def month_rows(scope: Scope, company: Organisation, now: datetime) -> list[UnitCostRow]:
    """One row per calendar month, each with the unit costs of its own days."""
    months = read_books_by("month", scope, now=now)
    return [
        whole_row(f"{month:%Y-%m}", f"{month:%B %Y}", months.get(month, Books()), company)
        for month in scope.period.months()
    ]


def kind_rows(books: Books, total: UnitCostRow) -> list[UnitCostRow]:
    """One row per kind of work item, and one for the money that reached none."""
    money = grouped(books.money, lambda piece: piece.kind)
    labels = {slug: kind.outcomes.capitalize() for slug, kind in KINDS.items()}
    rows = [
        replace(
            as_row(slug, label, money.get(slug, [])),
            kinds={slug: total.kinds[slug]} if slug in total.kinds else {},
        )
        for slug, label in labels.items()
        if slug in money or slug in total.kinds
    ]
    if "" in money:
        rows.append(as_row(NO_KIND, "No work item", money[""]))
    return rows


def plain_rows(
    books: Books, keys: Iterable[str], key_of: Callable[[Money], str]
) -> list[UnitCostRow]:
    """One row per key, also for those without money; no unit cost."""
    money = grouped(books.money, key_of)
    return [as_row(key, key, money[key]) if key in money else no_amounts(key) for key in keys]


def grouped(money: Iterable[Money], key_of: Callable[[Money], K]) -> dict[K, list[Money]]:
    groups: dict[K, list[Money]] = {}
    for piece in money:
        groups.setdefault(key_of(piece), []).append(piece)
    return groups
