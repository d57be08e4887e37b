"""Whose books these are, how far they reach and when they were last brought up to date."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from finops.people.models import Identity, Membership, Organisation, Team, TeamPlacement
from finops.periods import Period

from .shapes import TeamRef
from .sql_files import fetch

NO_TEAM = TeamRef(None, "", "No team", 0)


def organisation() -> Organisation:
    """Return the one organisation; its defaults when nobody has named it yet."""
    return Organisation.objects.filter(pk=1).first() or Organisation(pk=1)


def teams() -> list[TeamRef]:
    """Return every team, by slug."""
    below = TeamPlacement.objects.filter(parent=OuterRef("pk"))
    people = Membership.objects.filter(team=OuterRef("pk"))
    keys = Identity.objects.filter(team=OuterRef("pk"))
    is_group = Exists(below) & ~Exists(people) & ~Exists(keys)
    rows = Team.objects.order_by("slug").annotate(is_group=is_group)
    return [TeamRef(*row) for row in rows.values_list("id", "slug", "name", "color", "is_group")]


def team_refs() -> dict[int | None, TeamRef]:
    """Return every team by id, with the absence of one under None."""
    refs: dict[int | None, TeamRef] = {None: NO_TEAM}
    refs.update((team.id, team) for team in teams())
    return refs


@dataclass(frozen=True)
class Reach:
    """The days from the first to the last that has money (None: empty books), and the last settle."""

    span: Period | None
    as_of: datetime | None


def reach() -> Reach:
    """Return how far the books reach and when they were last brought up to date."""
    ((first, last, settled),) = fetch("reach")
    return Reach(None if first is None else Period(first, last + timedelta(days=1)), settled)


def books_span() -> Period | None:
    """Return the days from the first to the last that has money, or None for empty books."""
    return reach().span


def as_of() -> datetime | None:
    """Return when the last settle ended."""
    return reach().as_of
