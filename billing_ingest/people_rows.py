"""People, their dated memberships and their names at vendors, merged by natural key.

Files of people are small (thousands of rows), so they are merged in Python; nobody is deleted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from billing_ingest.check import given, is_bad, list_problems
from billing_ingest.connector import Mapping
from billing_ingest.parts import Found
from billing_ingest.pipe import Progress
from billing_ingest.read import Reading
from billing_ingest.refusal import Problem, Refused, problem
from billing_ingest.teams import ensure_teams
from finops.attribution.models import Dirty
from finops.ledger.models import Import
from finops.people.models import Identity, Membership, Person, Team, TeamPlacement

LOWER_NAMESPACES = {"github", "email"}  # names that do not tell capitals apart
FIELDS = (
    "email",
    "name",
    "team",
    "parent_team",
    "cost_center",
    "valid_from",
    "valid_to",
    "identities",
)
Name = tuple[str, str]  # namespace, external id


@dataclass(frozen=True)
class PersonRow:
    """One line of the file; days are half-open, an open end is null."""

    line: int
    email: str
    name: str
    team: str
    parent_team: str
    cost_center: str
    valid_from: date | None
    valid_to: date | None
    identities: tuple[Name, ...]


class People:
    """The people of one file."""

    table = "person"

    def __init__(self, reading: Reading, mapping: Mapping) -> None:
        self.reading = reading
        reading.map(mapping)
        self.names = reading.mapped_columns()
        self.columns = given("person", self.names)
        self.rows: list[PersonRow] = []

    def examine(self) -> Found:
        """Read the whole file and judge every value."""
        run = self.reading.run
        records, bad = run(
            f"SELECT count(*), count(*) FILTER ({is_bad(self.columns)}) FROM mapped"
        )[0]
        if not bad:
            fields = ", ".join(f"nullif({f}, '')" if f in self.names else "NULL" for f in FIELDS)
            self.rows = [
                person_row(*row) for row in run(f"SELECT line, {fields} FROM mapped ORDER BY line")
            ]
            problems = [*self.reversed_days(), *self.conflicts()]
            if problems:
                raise Refused(problems)
        return Found(records, bad)

    def reversed_days(self) -> Iterable[Problem]:
        for row in self.rows:
            if row.valid_from and row.valid_to and row.valid_to <= row.valid_from:
                yield problem(
                    "bad_period", f"Line {row.line} ends before it starts.", file=self.reading.plain.name,
                    line=row.line, column="valid_to", found=row.valid_to.isoformat(),
                    expected=f"a day after {row.valid_from}", fix="Correct the days.",
                )  # fmt: skip

    def conflicts(self) -> Iterable[Problem]:
        """Yield lines that put one person into two teams from the same day."""
        first: dict[tuple[str, date | None], PersonRow] = {}
        for row in self.rows:
            before = first.setdefault((row.email, row.valid_from), row)
            if row.team and before.team and row.team.lower() != before.team.lower():
                yield problem(
                    "conflicting_rows", f"Line {row.line} puts {row.email} into another team than line {before.line}.",
                    file=self.reading.plain.name, line=row.line, column="team", found=row.team,
                    expected=before.team, fix="Give the second team a later valid_from.",
                )  # fmt: skip

    def refusal(self, found: Found) -> Exception:
        return list_problems(self.reading, self.columns, found.bad_rows)

    def check_zones(self, found: Found) -> None:
        """Days have no zone."""

    def write(self, imp: Import, progress: Progress) -> None:
        """Merge the people into the books, inside the open transaction."""
        teams = ensure_teams(
            name for row in self.rows for name in (row.team, row.parent_team) if name
        )
        set_cost_centers(self.rows, teams)
        set_placements(self.rows, teams)
        people = upsert_people(self.rows)
        changed = upsert_memberships(self.rows, people, teams)
        renamed = upsert_identities(self.rows, people)
        Dirty.objects.bulk_create(
            [Dirty(what="person", ref=str(id_)) for id_ in sorted(changed)]
            + [Dirty(what="actor", ref=f"{namespace}:{id_}") for namespace, id_ in sorted(renamed)]
        )
        progress(len(self.rows))


def person_row(line: int, *said: str | None) -> PersonRow:
    email, name, team, parent_team, cost_center, start, end, names = (value or "" for value in said)
    return PersonRow(
        line, email, name, team, parent_team, cost_center, day(start), day(end),
        tuple(names_in(email, names)),
    )  # fmt: skip


def day(written: str) -> date | None:
    return date.fromisoformat(written) if written else None


def names_in(email: str, written: str) -> Iterable[Name]:
    """Yield the names in `github:alice;jira:5b10`, and the e-mail as one of them."""
    yield "email", email
    for word in written.split(";"):
        namespace, _, external_id = word.strip().partition(":")
        namespace, external_id = namespace.lower(), external_id.strip()
        if external_id:
            yield namespace, external_id.lower() if namespace in LOWER_NAMESPACES else external_id


def set_cost_centers(rows: list[PersonRow], teams: dict[str, Team]) -> None:
    for row in rows:
        if row.team and row.cost_center and teams[row.team].cost_center != row.cost_center:
            teams[row.team].cost_center = row.cost_center
            teams[row.team].save(update_fields=["cost_center"])


def set_placements(rows: list[PersonRow], teams: dict[str, Team]) -> None:
    """Place each team under its parent. Several parents in one file follow one another in time."""
    starts: dict[int, dict[int, date]] = {}
    for row in rows:
        if row.team and row.parent_team and teams[row.team] != teams[row.parent_team]:
            parents = starts.setdefault(teams[row.team].id, {})
            start = row.valid_from or date.min
            parent = teams[row.parent_team].id
            parents[parent] = min(parents.get(parent, start), start)
    for team_id, parents in starts.items():
        in_order = sorted(parents, key=lambda parent: (parents[parent], parent))
        days: list[date | None] = [None, *(parents[parent] for parent in in_order[1:])]
        wanted = list(zip(in_order, days, [*days[1:], None], strict=True))
        standing = TeamPlacement.objects.filter(team_id=team_id)
        if sorted(standing.values_list("parent_id", "valid_from", "valid_to"), key=str) == sorted(
            wanted, key=str
        ):
            continue
        standing.delete()
        TeamPlacement.objects.bulk_create(
            TeamPlacement(team_id=team_id, parent_id=parent, valid_from=start, valid_to=end)
            for parent, start, end in wanted
        )


def upsert_people(rows: list[PersonRow]) -> dict[str, Person]:
    """Return the people of the file by e-mail, made or renamed where needed."""
    names: dict[str, str] = {}
    for row in rows:
        names[row.email] = row.name or names.get(row.email, "")
    known = {person.email: person for person in Person.objects.filter(email__in=names)}
    Person.objects.bulk_create(
        [Person(email=email, name=name) for email, name in names.items() if email not in known]
    )
    renamed = [p for p in known.values() if names[p.email] and names[p.email] != p.name]
    for person in renamed:
        person.name = names[person.email]
    Person.objects.bulk_update(renamed, ["name"], batch_size=1000)
    return {person.email: person for person in Person.objects.filter(email__in=names)}


def upsert_memberships(
    rows: list[PersonRow], people: dict[str, Person], teams: dict[str, Team]
) -> set[int]:
    """Merge the memberships; an earlier one ends where the next begins. Return changed people."""
    standing: dict[int, list[Membership]] = {}
    for membership in Membership.objects.filter(person__in=people.values()):
        standing.setdefault(membership.person_id, []).append(membership)
    before = {m.id: state_of(m) for listed in standing.values() for m in listed}
    for row in rows:
        if not row.team:
            continue
        mine = standing.setdefault(people[row.email].id, [])
        same = next((m for m in mine if m.valid_from == row.valid_from), None)
        if same is None:
            same = Membership(person=people[row.email], valid_from=row.valid_from)
            mine.append(same)
        same.team, same.valid_to = teams[row.team], row.valid_to
    for mine in standing.values():
        mine.sort(key=lambda m: m.valid_from or date.min)
        for earlier, later in pairwise(mine):
            if earlier.valid_to is None or (
                later.valid_from and earlier.valid_to > later.valid_from
            ):
                earlier.valid_to = later.valid_from
    changed = [m for mine in standing.values() for m in mine if before.get(m.id) != state_of(m)]
    Membership.objects.bulk_create([m for m in changed if m.pk is None])
    Membership.objects.bulk_update(
        [m for m in changed if m.id in before], ["team", "valid_to"], batch_size=1000
    )
    return {membership.person_id for membership in changed}


def state_of(membership: Membership) -> tuple[int, date | None]:
    return membership.team_id, membership.valid_to


def upsert_identities(rows: list[PersonRow], people: dict[str, Person]) -> set[Name]:
    """Merge the names; one that passes between people in the file is dated. Return changed names."""
    claims: dict[Name, dict[str, PersonRow]] = {}
    for row in rows:
        for name in row.identities:
            claims.setdefault(name, {}).setdefault(row.email, row)
    wanted = {
        (name, row.valid_from if len(owners) > 1 else None): (
            people[email].id, row.valid_to if len(owners) > 1 else None,
        )
        for name, owners in claims.items()
        for email, row in owners.items()
    }  # fmt: skip
    standing = {
        ((i.namespace, i.external_id), i.valid_from): i
        for i in Identity.objects.filter(external_id__in={external_id for _, external_id in claims})
    }
    fresh = [
        Identity(
            namespace=name[0], external_id=name[1], valid_from=start, person_id=person, valid_to=end
        )
        for (name, start), (person, end) in wanted.items()
        if (name, start) not in standing
    ]
    moved = []
    for key, (person, end) in wanted.items():
        known = standing.get(key)
        if known and (known.person_id, known.valid_to) != (person, end):
            known.person_id, known.team_id, known.is_shared, known.valid_to = (
                person,
                None,
                False,
                end,
            )
            moved.append(known)
    Identity.objects.bulk_create(fresh, batch_size=1000)
    Identity.objects.bulk_update(
        moved, ["person", "team", "is_shared", "valid_to"], batch_size=1000
    )
    return {(identity.namespace, identity.external_id) for identity in (*fresh, *moved)}
