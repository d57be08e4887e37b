"""Whose books these are, how far they reach and when they were last brought up to date."""

from datetime import datetime, timedelta

from django.db.models import Max, Min

from finops.attribution.models import SettleRun, SpendDay
from finops.people.models import Organisation, Team
from finops.periods import Period

from .shapes import TeamRef

NO_TEAM = TeamRef(None, "", "No team", 0)


def organisation() -> Organisation:
    """Return the one organisation; its defaults when nobody has named it yet."""
    return Organisation.objects.filter(pk=1).first() or Organisation(pk=1)


def teams() -> list[TeamRef]:
    """Return every team, by slug."""
    return [
        TeamRef(*row)
        for row in Team.objects.order_by("slug").values_list("id", "slug", "name", "color")
    ]


def team_refs() -> dict[int | None, TeamRef]:
    """Return every team by id, with the absence of one under None."""
    refs: dict[int | None, TeamRef] = {None: NO_TEAM}
    refs.update((team.id, team) for team in teams())
    return refs


def books_span() -> Period | None:
    """Return the days from the first to the last that has money, or None for empty books."""
    span = SpendDay.objects.aggregate(first=Min("day"), last=Max("day"))
    if span["first"] is None:
        return None
    return Period(span["first"], span["last"] + timedelta(days=1))


def as_of() -> datetime | None:
    """Return when the last settle ended."""
    last: datetime | None = SettleRun.objects.aggregate(last=Max("finished_at"))["last"]
    return last
