"""Make and rename teams, place them in the tree, and put people into them, each from a day on.

What stood before a day stays: a reorganisation adds to the history and never rewrites it.
Refusals are BadTeamError and say why in words.
"""

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from finops.attribution.actions.identities import lock_people
from finops.attribution.actions.soon import settle_soon
from finops.people.access import placements
from finops.people.models import Membership, Person, Team, TeamPlacement
from finops.people.tree import circle

COLORS = 7
NAME_MAX = 80
Dated = TypeVar("Dated", TeamPlacement, Membership)


class BadTeamError(ValueError):
    """What was asked about teams cannot be; the message says why."""


@dataclass(frozen=True)
class Free:
    """The days that something new may take: half-open, an open end is None."""

    start: date | None
    end: date | None


@transaction.atomic
def create_team(
    name: str, *, cost_center: str = "", parent: Team | None = None, since: date | None = None
) -> Team:
    """Make a team, perhaps under a parent. Raises BadTeamError."""
    lock_people()
    named = checked_name(name, None)
    count = Team.objects.count()
    team = Team.objects.create(
        slug=free_slug(named), name=named, cost_center=cost_center.strip(), color=count % COLORS + 1
    )
    if parent is not None:
        TeamPlacement.objects.create(team=team, parent=parent, valid_from=since)
    settle_soon("team", [team.pk])
    return team


@transaction.atomic
def change_team(team: Team, *, name: str, cost_center: str) -> Team:
    """Rename a team or move it to another cost centre; its slug stays, so links stay good."""
    lock_people()
    team.name, team.cost_center = checked_name(name, team), cost_center.strip()
    team.save(update_fields=["name", "cost_center"])
    settle_soon("team", [team.pk])  # a team tag may name it now, or no more
    return team


@transaction.atomic
def place_team(team: Team, parent: Team | None, since: date | None) -> None:
    """Let a team stand under another (None: under no team) from a day on.

    Until the next place that is already known. `since` None: from the beginning. Raises
    BadTeamError when a team would stand below itself on any day.
    """
    lock_people()
    days = make_room(list(TeamPlacement.objects.filter(team=team)), since)
    if parent is not None:
        TeamPlacement.objects.create(
            team=team, parent=parent, valid_from=days.start, valid_to=days.end
        )
    refuse_circles()
    settle_soon("team", [team.pk])


@transaction.atomic
def set_team_of(person: Person, team: Team | None, since: date | None) -> None:
    """Let a person belong to a team (None: to none) from a day on; the stay before ends there.

    Until the next stay that is already known. Money moves with them from that day alone.
    """
    lock_people()
    if person.merged_into_id is not None:
        raise BadTeamError(f"{person} was merged into another person: change that one.")
    days = make_room(list(Membership.objects.filter(person=person)), since)
    if team is not None:
        Membership.objects.create(
            person=person, team=team, valid_from=days.start, valid_to=days.end
        )
    settle_soon("person", [person.pk])


def make_room(standing: list[Dated], since: date | None) -> Free:
    """End or drop what stands from a day on; return the days up to what follows."""
    first = since or date.min
    for row in standing:
        begins = row.valid_from or date.min
        if begins == first:
            row.delete()
        elif begins < first and (row.valid_to is None or row.valid_to > first):
            row.valid_to = since
            row.save(update_fields=["valid_to"])
    later = [row.valid_from for row in standing if row.valid_from and row.valid_from > first]
    return Free(since, min(later, default=None))


def refuse_circles() -> None:
    found = circle(placements())
    if found is not None:
        day, team_id = found
        name = Team.objects.get(pk=team_id).name
        when = f"on {day}" if day else "in the beginning"
        raise BadTeamError(f"{name} would stand below itself {when}.")


def checked_name(name: str, team: Team | None) -> str:
    """Return a name that no other team has, whatever its case. Raises BadTeamError."""
    named = " ".join(name.split())
    if not named:
        raise BadTeamError("Give the team a name.")
    if len(named) > NAME_MAX:
        raise BadTeamError(f"A team’s name may have {NAME_MAX} characters at most.")
    others = Team.objects.all() if team is None else Team.objects.exclude(pk=team.pk)
    if other := others.filter(Q(name__iexact=named) | Q(slug=named.lower())).first():
        raise BadTeamError(f"There is a team called {other.name} already.")
    return named


def free_slug(name: str) -> str:
    """Return a slug that no team has yet; a name without any letter we know gets a plain one."""
    base = slugify(name)[:70] or "team"
    taken = {text.lower() for row in Team.objects.values_list("slug", "name") for text in row}
    slug, number = base, 2
    while slug in taken - {name.lower()}:
        slug, number = f"{base}-{number}", number + 1
    return slug
