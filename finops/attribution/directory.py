"""Everybody who is known, indexed by the ways they are written. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from finops.attribution import spelling
from finops.attribution.owners import Owner
from finops.people.names import EMAIL, Name, is_email

PUBLIC_DOMAINS = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com yahoo.com icloud.com me.com"
    " proton.me protonmail.com gmx.de gmx.net web.de aol.com qq.com users.noreply.github.com".split()
)


class Strength(IntEnum):
    """How much a reason is worth; from LIKELY up it may be ticked for the person who decides."""

    POSSIBLE = 1
    LIKELY = 2
    STRONG = 3
    SAME = 4

    @property
    def word(self) -> str:
        return {4: "the same", 3: "very likely", 2: "likely", 1: "possible"}[int(self)]


@dataclass(frozen=True)
class KnownPerson:
    """A person and every name of theirs, also those that ended."""

    id: int
    email: str
    name: str
    names: tuple[Name, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.name} ({self.email})" if self.name else self.email

    @property
    def emails(self) -> list[str]:
        return [self.email, *(n.external_id for n in self.names if n.namespace == EMAIL)]


@dataclass(frozen=True)
class KnownTeam:
    """A team and the words it is called by."""

    id: int
    slug: str
    name: str


class Directory:
    """Everybody who is known, indexed by the ways they are written."""

    def __init__(
        self,
        people: Iterable[KnownPerson],
        teams: Iterable[KnownTeam] = (),
        services: Iterable[Owner] = (),
    ) -> None:
        self.people = list(people)
        self.teams = list(teams)
        self.services = list(services)

    @cached_property
    def by_email(self) -> dict[str, KnownPerson]:
        return {email: person for person in self.people for email in person.emails}

    @cached_property
    def domains(self) -> frozenset[str]:
        """The organisation's own: the commonest that together hold most known people."""
        counts = Counter(spelling.domain(p.email) for p in self.people)
        found: set[str] = set()
        held = 0
        for domain, count in counts.most_common():
            if domain in PUBLIC_DOMAINS or not domain:
                continue
            if held * 2 > len(self.people) or (found and count < 2):
                break
            found.add(domain)
            held += count
        return frozenset(found)

    @cached_property
    def logins(self) -> dict[str, list[tuple[KnownPerson, Name]]]:
        """Names that are no e-mails, by their id without separators."""
        found: dict[str, list[tuple[KnownPerson, Name]]] = defaultdict(list)
        for person in self.people:
            for name in person.names:
                if name.namespace != EMAIL and not is_email(name.external_id):
                    found[spelling.squeezed(name.external_id)].append((person, name))
        return found

    @cached_property
    def forms(self) -> dict[str, list[tuple[KnownPerson, str, Strength]]]:
        """The ways to write a person as one word: by e-mail, by name."""
        found: dict[str, list[tuple[KnownPerson, str, Strength]]] = defaultdict(list)
        for person in self.people:
            for form, what, strength in forms_of(person):
                found[form].append((person, what, strength))
        return found

    @cached_property
    def by_initial(self) -> dict[str, list[tuple[str, KnownPerson]]]:
        """Every form under its first letter, for comparisons that are slow."""
        found: dict[str, list[tuple[str, KnownPerson]]] = defaultdict(list)
        for form, owners in self.forms.items():
            if len(form) >= spelling.FUZZY_MIN:
                found[form[0]] += [(form, person) for person, _, _ in owners]
        return found


def forms_of(person: KnownPerson) -> Iterator[tuple[str, str, Strength]]:
    """Yield each way to write a person as one word, what it is, and what it is worth."""
    seen = set()
    for email in person.emails:
        local = spelling.local_part(email)
        whole = [(spelling.squeezed(local), f"the name before the @ of {email}")]
        for form, what in [*whole, *spelling.full_forms(local), *spelling.full_forms(person.name)]:
            if len(form) > 2 and form not in seen:
                seen.add(form)
                yield form, what, Strength.LIKELY
    first = spelling.words(person.name)[:1]
    if first and len(first[0]) > 2 and first[0] not in seen:
        yield first[0], "the first name", Strength.POSSIBLE
