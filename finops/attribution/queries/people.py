"""Everybody who is known, with all their names and teams, dated."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Prefetch, Q, QuerySet

from finops.attribution.directory import Directory, KnownPerson, Strength
from finops.attribution.owners import Owner
from finops.attribution.suggestions import Candidate, Unknown, suggest
from finops.people.models import Identity, Membership, Person, Team
from finops.people.names import EMAIL, Name

PAGE = 50
FOUND_MAX = 12


@dataclass(frozen=True)
class OwnedName:
    """A dated row of a name: whose, since when, why and who said so."""

    id: int
    name: Name
    owner: Owner | None
    owner_label: str
    valid_from: date | None
    valid_to: date | None
    reason: str
    confirmed_by: str

    def has_ended(self, today: date) -> bool:
        return self.valid_to is not None and self.valid_to <= today


@dataclass(frozen=True)
class Stay:
    """A dated membership."""

    team_id: int
    team: str
    valid_from: date | None
    valid_to: date | None

    def holds(self, day: date) -> bool:
        began = self.valid_from is None or self.valid_from <= day
        return began and (self.valid_to is None or self.valid_to > day)


@dataclass(frozen=True)
class PersonCard:
    """A person with names and stays in order of their days."""

    id: int
    email: str
    name: str
    names: list[OwnedName] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    merged_into: int | None = None
    merged: list[str] = field(default_factory=list)  # e-mails of those who became this person

    @property
    def label(self) -> str:
        return self.name or self.email


@dataclass(frozen=True)
class PeoplePage:
    """Some of the known people, by e-mail; `next` is where the next page begins."""

    people: list[PersonCard]
    count: int
    next: str = ""


@dataclass(frozen=True)
class NamesPage:
    """Some of the names of teams and services, by name."""

    names: list[OwnedName]
    next: str = ""


def known_people(*, search: str = "", after: str = "", limit: int = PAGE) -> PeoplePage:
    """Return people whose e-mail, name or one of whose names holds the words searched for."""
    found = Person.objects.filter(merged_into=None)
    if search:
        by_name = Identity.objects.filter(external_id__icontains=search).values("person_id")
        found = found.filter(
            Q(email__icontains=search) | Q(name__icontains=search) | Q(pk__in=by_name)
        )
    page = list(with_names(found.filter(email__gt=after).order_by("email"))[: limit + 1])
    return PeoplePage(
        people=[card(person) for person in page[:limit]],
        count=found.count(),
        next=page[limit - 1].email if len(page) > limit else "",
    )


def person_card(person_id: int) -> PersonCard | None:
    """Return one person, also one who was merged into another."""
    person = with_names(Person.objects.filter(pk=person_id)).first()
    return card(person, with_merged=True) if person else None


def person_by_email(email: str) -> Person | None:
    """Return the person of an e-mail; of one who was merged, the one who stayed."""
    email = email.strip().lower()
    person = Person.objects.filter(email=email).select_related("merged_into").first()
    if person is None:
        row = Identity.objects.filter(namespace=EMAIL, external_id=email).exclude(person=None)
        alias = row.order_by("-valid_from").select_related("person").first()
        return alias.person if alias else None
    return person.merged_into or person


def with_names(people: QuerySet[Person]) -> QuerySet[Person]:
    names = Identity.objects.select_related("person", "team", "confirmed_by").order_by(
        "namespace", "external_id", "valid_from"
    )
    stays = Membership.objects.select_related("team").order_by("valid_from")
    return people.prefetch_related(Prefetch("identities", names), Prefetch("memberships", stays))


def card(person: Person, *, with_merged: bool = False) -> PersonCard:
    return PersonCard(
        id=person.pk,
        email=person.email,
        name=person.name,
        names=[owned(row) for row in person.identities.all()],
        stays=sorted(
            (Stay(m.team_id, m.team.name, m.valid_from, m.valid_to) for m in person.memberships.all()),
            key=lambda stay: stay.valid_from or date.min,
        ),
        merged_into=person.merged_into_id,
        merged=sorted(person.merged.values_list("email", flat=True)) if with_merged else [],
    )  # fmt: skip


def owned(row: Identity) -> OwnedName:
    owner, label = None, "everybody, as a shared service"
    if row.person is not None:
        owner, label = Owner("person", row.person.pk), str(row.person)
    elif row.service:
        of = f"of {row.team}" if row.team else "shared"
        owner, label = Owner("service", row.team_id, row.service), f"{row.service}, {of}"
    elif row.team is not None:
        owner, label = Owner("team", row.team.pk), str(row.team)
    by = row.confirmed_by
    return OwnedName(
        row.pk, Name(row.namespace, row.external_id), owner, label, row.valid_from, row.valid_to,
        row.reason, (by.get_full_name() or by.username) if by else "",
    )  # fmt: skip


def names_of_teams(*, search: str = "", after: str = "", limit: int = PAGE) -> NamesPage:
    """Return the names that belong to a team or a service, by namespace and id."""
    found = Identity.objects.filter(person=None).select_related("team", "confirmed_by")
    if search:
        found = found.filter(
            Q(external_id__icontains=search)
            | Q(service__icontains=search)
            | Q(team__name__icontains=search)
        )
    if after:
        namespace, _, rest = after.partition(":")
        external_id, _, number = rest.rpartition("~")
        last = int(number) if number.isdecimal() else 0
        found = found.filter(
            Q(namespace__gt=namespace)
            | Q(namespace=namespace, external_id__gt=external_id)
            | Q(namespace=namespace, external_id=external_id, pk__gt=last)
        )
    page = list(found.order_by("namespace", "external_id", "pk")[: limit + 1])
    last_row = page[limit - 1] if len(page) > limit else None
    return NamesPage(
        names=[owned(row) for row in page[:limit]],
        next=f"{last_row.namespace}:{last_row.external_id}~{last_row.pk}" if last_row else "",
    )


def history(name: Name) -> list[OwnedName]:
    """Return every row of a name, however it is capitalised, in order of its days."""
    rows = Identity.objects.filter(
        namespace=name.namespace, external_id__iexact=name.external_id
    ).select_related("person", "team", "confirmed_by")
    return sorted(map(owned, rows), key=lambda row: row.valid_from or date.min)


def teamless_people(ids: Sequence[int]) -> list[str]:
    """Return those of the people who are in no team on any day."""
    found = Person.objects.filter(pk__in=ids, memberships=None).order_by("email")
    return [str(person) for person in found]


def find_owners(search: str) -> list[Candidate]:
    """Return people, teams and services that the words may mean, as candidates without a reason."""
    search = search.strip()
    if not search:
        return []
    teams = Team.objects.filter(Q(name__icontains=search) | Q(slug__icontains=search))
    people = Person.objects.filter(
        Q(email__icontains=search) | Q(name__icontains=search), merged_into=None
    ).order_by("email")
    services = (
        Identity.objects.filter(service__icontains=search)
        .values_list("service", "team_id", "team__name")
        .distinct()
        .order_by("service")
    )
    found = [as_found(Owner("team", team.pk), team.name, "team") for team in teams[:FOUND_MAX]]
    found += [
        as_found(Owner("person", p.pk), p.name or p.email, p.email if p.name else "person")
        for p in people[:FOUND_MAX]
    ]
    found += [
        as_found(Owner("service", team_id, service), service, f"service of {team}" if team else "shared service")
        for service, team_id, team in services[:FOUND_MAX]
    ]  # fmt: skip
    return found[:FOUND_MAX]


def as_found(owner: Owner, label: str, what: str) -> Candidate:
    return Candidate(owner, label, what, Strength.POSSIBLE)


def lookalikes(of: PersonCard, known: Directory) -> list[tuple[KnownPerson, str]]:
    """Return other people who may be the same one, with the reason."""
    others = Directory([p for p in known.people if p.id != of.id])
    found: dict[int, str] = {}
    for name in [Name(EMAIL, of.email), *(row.name for row in of.names)]:
        for candidate in suggest(Unknown("actor", name.ref), others):
            if candidate.owner.person_id is not None:
                found.setdefault(candidate.owner.person_id, f"{name.ref}: {candidate.reason}")
    by_id = {person.id: person for person in others.people}
    return [(by_id[id_], reason) for id_, reason in list(found.items())[:3]]
