"""Whose books these are, how far they reach and when they were last brought up to date."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from finops.people.models import Organisation, Team
from finops.people.tree import Placement
from finops.periods import Period

from .known import names_known
from .shapes import TeamRef
from .sql_files import fetch

NO_TEAM = TeamRef(None, "", "No team", 0)


def organisation(known_on: datetime | None = None) -> Organisation:
    """Return the one organisation; its defaults when nobody has named it yet."""
    if known_on is not None:
        return names_known(known_on).company
    return Organisation.objects.filter(pk=1).first() or Organisation(pk=1)


def teams() -> list[TeamRef]:
    """Return every team, by slug."""
    return standing().teams


def team_refs(known_on: datetime | None = None) -> dict[int | None, TeamRef]:
    """Return every team by id, with the absence of one under None."""
    return refs_of(teams() if known_on is None else names_known(known_on).teams)


def team_rows_by_slug() -> dict[str, Team]:
    """Return every team as it is kept, by slug."""
    return {team.slug: team for team in Team.objects.order_by("slug")}


def refs_of(found: list[TeamRef]) -> dict[int | None, TeamRef]:
    refs: dict[int | None, TeamRef] = {None: NO_TEAM}
    refs.update((team.id, team) for team in found)
    return refs


@dataclass(frozen=True)
class Reach:
    """The days from the first to the last that has money (None: empty books), and the last settle."""

    span: Period | None
    as_of: datetime | None


@dataclass(frozen=True)
class Standing:
    """How the books stand: what every page asks first.

    Answers computed while the books were of one generation are the answers as long as they are.
    """

    generation: str
    reach: Reach
    company: Organisation
    teams: list[TeamRef]
    placements: tuple[Placement, ...] = ()


def standing() -> Standing:
    """Return how the books stand now, in one query."""
    ((generation, first, last, settled, company, all_teams, tree),) = fetch("standing")
    return Standing(
        generation=generation or "",
        reach=Reach(None if first is None else Period(first, last + timedelta(days=1)), settled),
        company=Organisation(**json.loads(company)) if company else Organisation(pk=1),
        teams=[TeamRef(*team) for team in json.loads(all_teams or "[]")],
        placements=tuple(
            Placement(team, parent, day_of(start), day_of(end))
            for team, parent, start, end in json.loads(tree or "[]")
        ),
    )


def day_of(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def placements(known_on: datetime | None = None) -> tuple[Placement, ...]:
    """Return where each team stood in the tree, and when, as far as it is or was known."""
    if known_on is None:
        return standing().placements
    return tuple(Placement(*placed) for placed in names_known(known_on).placements)


def reach() -> Reach:
    """Return how far the books reach and when they were last brought up to date."""
    return standing().reach


def books_span() -> Period | None:
    """Return the days from the first to the last that has money, or None for empty books."""
    return reach().span


def as_of() -> datetime | None:
    """Return when the last settle ended."""
    return reach().as_of
