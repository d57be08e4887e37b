"""The teams as people keep them: their tree on a day, who belonged to each, and the file of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from finops.people.access import placements
from finops.people.models import Identity, Membership, Person, Team, TeamPlacement
from finops.people.names import EMAIL
from finops.people.tree import in_tree_order

COLUMNS = (
    "email",
    "name",
    "team",
    "parent_team",
    "cost_center",
    "valid_from",
    "valid_to",
    "identities",
)


@dataclass(frozen=True)
class TreeRow:
    """A team in the tree of a day: how deep it stands, and how many people it had then."""

    team: Team
    depth: int
    people: int


@dataclass(frozen=True)
class Stay:
    """Somebody's stay in a team, half-open."""

    person: Person
    valid_from: date | None
    valid_to: date | None

    def holds(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )


@dataclass(frozen=True)
class Place:
    """Where a team stood, half-open."""

    parent: Team
    valid_from: date | None
    valid_to: date | None


def tree_on(day: date) -> list[TreeRow]:
    """Return all teams as the tree stood on a day, parents first."""
    begun = Q(memberships__valid_from=None) | Q(memberships__valid_from__lte=day)
    held = begun & (Q(memberships__valid_to=None) | Q(memberships__valid_to__gt=day))
    counted = Team.objects.annotate(people=Count("memberships__person", filter=held, distinct=True))
    by_id = {team.pk: team for team in counted.order_by("name")}
    return [
        TreeRow(by_id[team], depth, by_id[team].people)
        for team, depth in in_tree_order(placements(), list(by_id), day)
    ]


def stays_in(team: Team) -> list[Stay]:
    """Return who belongs or belonged to a team, those who still do first."""
    found = Membership.objects.filter(team=team).select_related("person")
    stays = [Stay(m.person, m.valid_from, m.valid_to) for m in found]
    return sorted(stays, key=lambda stay: (stay.valid_to is not None, str(stay.person)))


def places_of(team: Team) -> list[Place]:
    """Return where a team stood, the latest first."""
    found = TeamPlacement.objects.filter(team=team).select_related("parent")
    places = [Place(p.parent, p.valid_from, p.valid_to) for p in found]
    return sorted(places, key=lambda place: place.valid_from or date.min, reverse=True)


def people_by_email(emails: Sequence[str]) -> dict[str, Person]:
    """Return the people with these e-mails, whatever their case."""
    wanted = [email.strip().lower() for email in emails]
    return {person.email: person for person in Person.objects.filter(email__in=wanted)}


def people_rows() -> Iterator[tuple[str, ...]]:
    """Yield people and their stays as the people file has them: reading it back changes nothing.

    One line per stay. What the file cannot say stays out, and reading keeps what is known: dated
    names, a place in the tree that changed while nobody joined, teams without people.
    """
    yield COLUMNS
    parents = parents_by_stay()
    names = names_by_person()
    stays: dict[int, list[Membership]] = {}
    for stay in Membership.objects.select_related("team"):
        stays.setdefault(stay.person_id, []).append(stay)
    for person in Person.objects.filter(merged_into=None).order_by("email"):
        own = ";".join(names.get(person.pk, ()))
        mine = sorted(stays.get(person.pk, ()), key=lambda stay: stay.valid_from or date.min)
        if not mine:
            yield (person.email, person.name, "", "", "", "", "", own)
        for place, stay in enumerate(mine):
            yield (
                person.email, person.name, stay.team.name, parents.get(stay.pk, ""), stay.team.cost_center,
                f"{stay.valid_from or ''}", f"{stay.valid_to or ''}", own if place == 0 else "",
            )  # fmt: skip


def parents_by_stay() -> dict[int, str]:
    """Return the parent team that each stay's line names: none where lines cannot tell the tree.

    The file places a team under a parent from the first line on that names it, and under the
    first of all parents from the beginning.
    """
    places: dict[int, list[TeamPlacement]] = {}
    for placed in TeamPlacement.objects.select_related("parent"):
        places.setdefault(placed.team_id, []).append(placed)
    stays: dict[int, list[Membership]] = {}
    for stay in Membership.objects.all():
        stays.setdefault(stay.team_id, []).append(stay)
    named: dict[int, str] = {}
    for team, of_team in stays.items():
        ordered = sorted(places.get(team, ()), key=lambda placed: placed.valid_from or date.min)
        if is_told(ordered, of_team):
            named |= {stay.pk: parent_at(ordered, stay.valid_from) for stay in of_team}
    return named


def is_told(places: Sequence[TeamPlacement], stays: Sequence[Membership]) -> bool:
    """Whether lines with the parent of each stay's first day say just these places."""
    starts = {stay.valid_from or date.min for stay in stays}
    follow = [place.valid_from for place in places[1:]] + [None]
    return (
        bool(places)
        and places[0].valid_from is None
        and [place.valid_to for place in places] == follow
        and len({place.parent_id for place in places}) == len(places)
        and all(place.valid_from in starts for place in places[1:])
        and any(len(places) == 1 or start < (follow[0] or date.max) for start in starts)
    )


def parent_at(places: Sequence[TeamPlacement], day: date | None) -> str:
    begun = [p for p in places if (p.valid_from or date.min) <= (day or date.min)]
    return begun[-1].parent.name


def names_by_person() -> dict[int, list[str]]:
    """Return the outside names of people that hold without dates, but their own e-mail."""
    found: dict[int, list[str]] = {}
    undated = Identity.objects.filter(valid_from=None, valid_to=None, is_shared=False)
    own = undated.filter(person__isnull=False).select_related("person")
    for identity in own.order_by("namespace", "external_id"):
        person = identity.person
        is_own = (
            person and identity.namespace == EMAIL and identity.external_id.lower() == person.email
        )
        if person and not is_own and ";" not in identity.external_id:
            found.setdefault(person.pk, []).append(f"{identity.namespace}:{identity.external_id}")
    return found
