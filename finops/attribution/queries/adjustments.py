"""Which months are closed, and what has changed in them since: dated adjustments with a cause."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from finops.attribution.models import Closing
from finops.ledger.models import Import
from finops.periods import month_of

from .organisation import team_refs
from .shapes import CostColumn, TeamRef
from .sql_files import fetch

NOTHING_CLAIMED = "everything was settled anew"


@dataclass(frozen=True)
class Adjustment:
    """What one settle changed on one day of a closed month, for one team (or what is shared)."""

    known_at: datetime
    run_id: int
    day: date
    team: TeamRef
    is_shared: bool
    nanos: int  # of the reporting currency
    cause: str


def closings() -> list[Closing]:
    """Return every closing, the latest month first; a month may have several."""
    return list(
        Closing.objects.select_related("closed_by", "reopened_by").order_by("-month", "-id")
    )


def closing_of(month: date) -> Closing | None:
    """Return the closing under which a month is closed now."""
    found = Closing.objects.select_related("closed_by").filter(month=month, reopened_at=None)
    return found.first()


def adjustments(closing: Closing, *, cost: CostColumn = "billed") -> list[Adjustment]:
    """Return what was posted to the month after it was closed, in the order it became known."""
    month = month_of(closing.month)
    rows = fetch(
        "adjustments",
        start=month.start,
        end=month.end,
        after=closing.known_at,
        effective=cost == "effective",
    )
    causes = {run: (full, json.loads(found)) for run, _, full, found, *_ in rows}
    files = filenames(found for _, claims in causes.values() for found in claims)
    words = {run: in_words(claims, files) for run, (_, claims) in causes.items()}
    refs = team_refs()
    return [
        Adjustment(known_at, run, day, refs.get(team, refs[None]), is_shared, nanos, words[run])
        for run, known_at, _, _, day, team, is_shared, nanos in rows
    ]


@dataclass(frozen=True)
class Later:
    """What came after a closing, added up. Nanos of the reporting currency, billed."""

    lines: int = 0
    nanos: int = 0
    last: datetime | None = None


def later(month: date | None = None) -> dict[int, Later]:
    """Return what came after each closing that holds (of one month), by the closing's number."""
    return {number: Later(*found) for number, *found in fetch("adjusted", month=month)}


def filenames(claims: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Return the files that were claimed, with whose they are, by import."""
    wanted = {number for claim in claims for number in claim["imports"] or ()}
    found = Import.objects.filter(pk__in=wanted).select_related("source")
    return {imp.pk: f"{imp.filename} ({imp.source.name})" for imp in found}


def in_words(claims: Iterable[Mapping[str, Any]], files: Mapping[int, str]) -> str:
    """Return why a settle changed figures, as far as it was claimed. Nobody is named."""
    parts = [words_of(claim, files) for claim in claims]
    return "; ".join(parts) if parts else NOTHING_CLAIMED


def words_of(claim: Mapping[str, Any], files: Mapping[int, str]) -> str:
    what, count = claim["what"], claim["count"]
    if what == "slice":
        names = sorted({files[number] for number in claim["imports"] or () if number in files})
        more = "" if count <= len(claim["refs"] or ()) else " and others"
        return f"files came or went: {', '.join(names)}{more}" if names else "files came or went"
    if what == "rates":
        return f"exchange rates of {', '.join(claim['refs'])}"
    if what == "rules":
        return "allocation rules"
    nouns = {"item": "work item", "actor": "name", "person": "membership"}
    noun = nouns.get(what, what)
    return f"{count} {noun}{'' if count == 1 else 's'}"
