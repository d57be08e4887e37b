"""The report of a month as it was known, boiled down to one number that anybody can check."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import get_args

from finops.attribution.queries.books import read_books
from finops.attribution.queries.organisation import organisation, team_refs
from finops.attribution.queries.shapes import CostColumn, Scope
from finops.periods import Period


def digest_of(month: Period, moment: datetime) -> str:
    """Return the sha256 of the month's figures as known at a moment, in both cost columns."""
    text = "\n".join(sorted(rows_of(month, moment)))
    return hashlib.sha256(text.encode()).hexdigest()


def rows_of(month: Period, moment: datetime) -> Iterator[str]:
    """Yield every exact figure of the month with what it is about, one a line."""
    currency = organisation(moment).reporting_currency
    slugs = {ref.id: ref.slug or "-" for ref in team_refs(moment).values()}
    for cost in get_args(CostColumn):
        books = read_books(Scope(month, cost=cost, known_on=moment), now=moment)
        for m in books.money:
            state = "provisional" if m.is_provisional else "billed"
            about = (slugs[m.team_id], m.tier, m.reason, m.kind, m.fate, state)
            yield "|".join((cost, "money", *about, currency, str(m.nanos)))
        for (team, kind), done in books.completed.items():
            yield f"{cost}|done|{slugs[team]}|{kind}|{done.credit}|{done.nanos}"
        for code, nanos in books.unconverted.items():
            yield f"{cost}|unconverted|{code}|{nanos}"
