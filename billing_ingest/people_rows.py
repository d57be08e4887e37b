"""People, their dated memberships and their names at vendors, merged by natural key.

Files of people are small (thousands of rows), so they are merged in Python; nobody is deleted.
"""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from billing_ingest.check import given, is_bad, list_problems
from billing_ingest.connector import Mapping
from billing_ingest.parts import Found
from billing_ingest.people_names import PersonRow, person_row, upsert_names
from billing_ingest.pipe import Progress
from billing_ingest.read import Reading
from billing_ingest.refusal import Problem, Refused, problem
from billing_ingest.teams import ensure_teams
from finops.attribution.models import Dirty
from finops.ledger.models import Import
from finops.people.models import Membership, Person, Team, TeamPlacement

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
                file, place = self.reading.place(row.line)
                yield problem(
                    "bad_period", f"Line {place} ends before it starts.", file=file,
                    line=place, column="valid_to", found=row.valid_to.isoformat(),
                    expected=f"a day after {row.valid_from}", fix="Correct the days.",
                )  # fmt: skip

    def conflicts(self) -> Iterable[Problem]:
        """Yield lines that put one person into two teams from the same day."""
        first: dict[tuple[str, date | None], PersonRow] = {}
        for row in self.rows:
            before = first.setdefault((row.email, row.valid_from), row)
            if row.team and before.team and row.team.lower() != before.team.lower():
                file, place = self.reading.place(row.line)
                before_it = self.reading.said(before.line)
                yield problem(
                    "conflicting_rows", f"Line {place} puts {row.email} into another team than {before_it}.",
                    file=file, line=place, column="team", found=row.team,
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
        renamed, warnings = upsert_names(self.rows, people)
        imp.warnings += warnings
        Dirty.objects.bulk_create(
            [Dirty(what="person", ref=str(id_)) for id_ in sorted(changed)]
            + [Dirty(what="actor", ref=name.ref) for name in sorted(renamed)]
        )
        progress(len(self.rows))


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
    """Return the people of the file by e-mail, made or renamed where needed.

    An e-mail of somebody who was merged into another means that other person.
    """
    names: dict[str, str] = {}
    for row in rows:
        names[row.email] = row.name or names.get(row.email, "")
    known = {person.email: person for person in Person.objects.filter(email__in=names)}
    Person.objects.bulk_create(
        [Person(email=email, name=name) for email, name in names.items() if email not in known]
    )
    renamed = [
        person
        for person in known.values()
        if names[person.email] not in ("", person.name) and person.merged_into_id is None
    ]
    for person in renamed:
        person.name = names[person.email]
    Person.objects.bulk_update(renamed, ["name"], batch_size=1000)
    found = Person.objects.filter(email__in=names).select_related("merged_into")
    return {person.email: person.merged_into or person for person in found}


def upsert_memberships(
    rows: list[PersonRow], people: dict[str, Person], teams: dict[str, Team]
) -> set[int]:
    """Merge the memberships; an earlier one ends where the next begins. Return changed people.

    What a file says under the e-mail of one who was merged counts unless it also names the
    person by the e-mail that was kept.
    """
    named = {row.email for row in rows if row.team}
    standing: dict[int, list[Membership]] = {}
    for membership in Membership.objects.filter(person__in=people.values()):
        standing.setdefault(membership.person_id, []).append(membership)
    before = {m.id: state_of(m) for listed in standing.values() for m in listed}
    for row in rows:
        who = people[row.email]
        if not row.team or (who.email != row.email and who.email in named):
            continue
        mine = standing.setdefault(who.id, [])
        same = next((m for m in mine if m.valid_from == row.valid_from), None)
        if same is None:
            same = Membership(person=who, valid_from=row.valid_from)
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
