"""Who an unknown name may be, with a reason in words and how strong it is. Pure.

Reasons, strongest first: the same e-mail; a commit address; the directory file; the same login
elsewhere; the organisation's own domain; the way a name is written; a resemblance. Two owners
of equal strength are ambiguous: nobody is chosen for the person who decides.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from finops.attribution import spelling
from finops.attribution.directory import Directory, KnownPerson, KnownTeam, Strength
from finops.attribution.owners import Owner
from finops.people.names import BadNameError, Name, is_email, name_of

SHOWN_MAX = 4
REASONS_MAX = 2
TEAM_WORD_MIN = 3  # letters
PART_MIN = 3


@dataclass(frozen=True)
class Unknown:
    """A name that nobody owns, from which field of which vendor."""

    field: str
    text: str
    vendor: str = ""

    @property
    def name(self) -> Name:
        return name_of(self.field, self.text, self.vendor)


@dataclass(frozen=True)
class Witness:
    """On how many work items an unknown name stands beside a known e-mail, of how many it is on."""

    email: str
    together: int
    items: int


@dataclass(frozen=True)
class Claim:
    """What a directory file said of a name and could not be booked: whose it is."""

    email: str
    filename: str


@dataclass(frozen=True)
class Candidate:
    """A possible owner, why, and how strongly."""

    owner: Owner
    label: str
    reason: str
    strength: Strength


Found = tuple[Owner, str, str, Strength]  # owner, label, reason, strength


def suggest(
    unknown: Unknown,
    known: Directory,
    witnesses: Sequence[Witness] = (),
    claims: Sequence[Claim] = (),
) -> list[Candidate]:
    """Return the candidates, the strongest first; at most four."""
    try:
        name = unknown.name
    except BadNameError:
        return []
    found: list[Found] = []
    if unknown.field in ("actor", "api_key"):
        found += by_email(name, known)
        found += by_login(name, known)
    found += by_commits(witnesses, known)
    found += by_directory(claims, known)
    found += by_team(unknown, name, known)
    found += by_service(name, known)
    return strongest(found)


def strongest(found: Iterable[Found]) -> list[Candidate]:
    """One candidate per owner with its best reasons, the strongest first."""
    by_owner: dict[Owner, list[Found]] = defaultdict(list)
    for one in found:
        by_owner[one[0]].append(one)
    candidates = []
    for owner, reasons in by_owner.items():
        reasons.sort(key=lambda one: -one[3])
        said = list(dict.fromkeys(reason for _, _, reason, _ in reasons))[:REASONS_MAX]
        candidates.append(Candidate(owner, reasons[0][1], "; ".join(said), reasons[0][3]))
    candidates.sort(key=lambda c: (-c.strength, c.label))
    return candidates[:SHOWN_MAX]


def chosen(candidates: Sequence[Candidate]) -> Candidate | None:
    """The one to tick beforehand: strong enough, and alone at its strength."""
    if not candidates or candidates[0].strength < Strength.LIKELY:
        return None
    if len(candidates) > 1 and candidates[1].strength == candidates[0].strength:
        return None
    return candidates[0]


def person_found(person: KnownPerson, reason: str, strength: Strength) -> Found:
    return Owner("person", person.id), person.label, reason, strength


def by_email(name: Name, known: Directory) -> Iterator[Found]:
    """The same address, the same without its +tag, or the same person at the own domain."""
    email = name.external_id.lower()
    if not is_email(email):
        return
    local, domain = spelling.local_part(email), spelling.domain(email)
    if person := known.by_email.get(email):
        same = "has this e-mail address" if email == person.email else "has this e-mail as an alias"
        yield person_found(person, same, Strength.SAME)
        return
    if person := known.by_email.get(f"{local}@{domain}"):
        yield person_found(person, "has this e-mail address without the +tag", Strength.STRONG)
        return
    if login := spelling.noreply_login(email):
        yield from by_noreply(login, known)
        return
    is_own = any(domain == own or domain.endswith(f".{own}") for own in known.domains)
    where = f"{domain} is your domain and" if is_own else f"at another domain, {domain}, but"
    most = Strength.STRONG if is_own else Strength.POSSIBLE
    found = list(by_form(local, known, where, most))
    yield from found or by_part(local, known)


def by_noreply(login: str, known: Directory) -> Iterator[Found]:
    """Whose the login in GitHub's own commit address is."""
    found = [
        person_found(
            person,
            f"GitHub’s own commit address of {other.ref}",
            Strength.SAME if other.namespace == "github" else Strength.LIKELY,
        )
        for person, other in known.logins.get(spelling.squeezed(login), ())
    ]
    yield from found or by_form(login, known, "in GitHub’s commit address", Strength.LIKELY)


def by_form(text: str, known: Directory, where: str, most: Strength) -> Iterator[Found]:
    """People who are written so, at most as strong as the place allows."""
    for person, what, strength in known.forms.get(spelling.squeezed(text), ()):
        worth = min(most, strength + (most == Strength.STRONG and strength == Strength.LIKELY))
        yield person_found(person, f"{where} “{text}” is {what}", Strength(worth))


def by_login(name: Name, known: Directory) -> Iterator[Found]:
    """The same login elsewhere, the way a name is written, or a resemblance."""
    text = name.external_id
    if is_email(text):
        return
    exact, base = spelling.squeezed(text), spelling.without_digits(text)
    found = list(by_exact_login(name, exact, known))
    found += [
        person_found(person, f"“{text}” is {what}", strength)
        for person, what, strength in known.forms.get(exact, ())
    ]
    if not found and base != exact and len(base) > 2:
        found = [
            person_found(person, f"“{base}”, without the digits, is {what}", strength)
            for person, what, strength in known.forms.get(base, ())
        ]
    if not found:
        found += by_part(text, known)
    yield from found or by_likeness(base, known)


def by_exact_login(name: Name, exact: str, known: Directory) -> Iterator[Found]:
    for person, other in known.logins.get(exact, ()):
        if other.key == name.key:
            yield person_found(person, "had this name before", Strength.POSSIBLE)
        else:
            yield person_found(person, f"the same login as {other.ref}", Strength.STRONG)


def by_part(text: str, known: Directory) -> Iterator[Found]:
    """A key called after its user: `ann-lee-laptop`."""
    parts = spelling.words(text)
    pairs = [(part, part) for part in parts] + [(f"{a} {b}", a + b) for a, b in pairwise(parts)]
    for said, form in pairs if len(parts) > 1 else ():
        for person, what, _ in known.forms.get(form, ()) if len(form) >= PART_MIN else ():
            yield person_found(person, f"“{said}” in it is {what}", Strength.POSSIBLE)


def by_likeness(base: str, known: Directory) -> Iterator[Found]:
    for form, person in known.by_initial.get(base[:1], ()):
        if spelling.alike(base, form):
            yield person_found(person, f"resembles “{form}”", Strength.POSSIBLE)


def by_commits(witnesses: Sequence[Witness], known: Directory) -> Iterator[Found]:
    """An e-mail that stands on the same work, as its author or committer, as the unknown name."""
    together: Counter[int] = Counter()
    people: dict[int, KnownPerson] = {}
    emails: dict[int, str] = {}
    items = 0
    for witness in witnesses:
        if person := known.by_email.get(witness.email.lower()):
            people[person.id], emails[person.id] = person, witness.email
            together[person.id] += witness.together
            items = max(items, witness.items)
    for person_id, seen in together.items():
        count = min(seen, items)
        always = count == items and len(together) == 1
        strength = (
            Strength.STRONG if always and count > 1
            else Strength.LIKELY if count * 2 > items else Strength.POSSIBLE
        )  # fmt: skip
        noun = "piece of work" if items == 1 else "pieces of work"
        reason = f"{emails[person_id]} stands beside it on {count} of {items} {noun}"
        yield person_found(people[person_id], reason, strength)


def by_directory(claims: Sequence[Claim], known: Directory) -> Iterator[Found]:
    for claim in claims:
        if person := known.by_email.get(claim.email):
            reason = f"{claim.filename} says so, beside others"
            yield person_found(person, reason, Strength.STRONG)


def by_team(unknown: Unknown, name: Name, known: Directory) -> Iterator[Found]:
    """A key, project or account that is called like a team."""
    text = spelling.local_part(name.external_id) if is_email(name.external_id) else name.external_id
    parts = spelling.words(text)
    inside = [
        (team, called)
        for team in known.teams
        if (called := longest_in(parts, team)) and sum(map(len, called)) >= TEAM_WORD_MIN
    ]
    for team, called in inside:
        if any(len(other) > len(called) and spelling.holds(other, called) for _, other in inside):
            continue  # core inside core-infra, which is a team as well
        strength = Strength.STRONG if called == parts else Strength.LIKELY
        if unknown.field == "actor" and strength == Strength.LIKELY:
            strength = Strength.POSSIBLE
        same = (
            "is called like the team"
            if called == parts
            else f"“{' '.join(called)}” in it is the team"
        )
        yield Owner("team", team.id), team.name, same, strength
    if not inside and unknown.field != "actor":
        for team in known.teams:
            if spelling.alike(spelling.without_digits(text), spelling.squeezed(team.slug)):
                reason = f"resembles the team’s name, {team.slug}"
                yield Owner("team", team.id), team.name, reason, Strength.POSSIBLE


def longest_in(parts: tuple[str, ...], team: KnownTeam) -> tuple[str, ...]:
    """The words of the team's slug or name that stand in these parts; empty when none do."""
    called = [spelling.words(team.slug), spelling.words(team.name)]
    return max((c for c in called if spelling.holds(parts, c)), key=len, default=())


def by_service(name: Name, known: Directory) -> Iterator[Found]:
    """A service that is called so already, or something that looks like a machine."""
    text = spelling.local_part(name.external_id) if is_email(name.external_id) else name.external_id
    parts = spelling.words(text)
    for service in known.services:
        called = spelling.words(service.service)
        if spelling.holds(parts, called):
            strength = Strength.STRONG if called == parts else Strength.LIKELY
            yield service, service_label(service, known), "is called like this service", strength
    if spelling.looks_like_a_machine(text):
        owner = Owner("service", None, text.removesuffix("[bot]"))
        reason = "looks like a machine; its money would be everybody’s overhead"
        yield owner, f"{owner.service}, shared", reason, Strength.POSSIBLE


def service_label(owner: Owner, known: Directory) -> str:
    """`nightly build of Core`, or `nightly build, shared`."""
    team = next((team.name for team in known.teams if team.id == owner.id), None)
    return f"{owner.service} of {team}" if team else f"{owner.service}, shared"
