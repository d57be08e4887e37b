"""The names in a file of people, and whose they become.

A file never overrules what a person has decided about a name (a row with a reason), and never
guesses between two people who claim a name from the same day: both are said on the import, and
the queue of unknown names offers them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from django.db.models.functions import Lower

from finops.attribution.queries.unknown_names import CONFLICTING_NAME
from finops.people.models import Identity, Person
from finops.people.names import EMAIL, LOWER_NAMESPACES, Name

KEPT_NAME = "kept_name"
WARNINGS_MAX = 100
Stretch = tuple[date | None, int, date | None]  # start, person, end


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
    yield Name(EMAIL, email)
    for word in written.split(";"):
        namespace, _, external_id = word.strip().partition(":")
        namespace, external_id = namespace.lower(), external_id.strip()
        if external_id:
            lower = namespace in LOWER_NAMESPACES
            yield Name(namespace, external_id.lower() if lower else external_id)


def upsert_names(
    rows: Sequence[PersonRow], people: dict[str, Person]
) -> tuple[set[Name], list[dict[str, Any]]]:
    """Merge the names into the books. Return those that changed, and what was left alone."""
    claims = claims_in(rows, people)
    standing = standing_rows(claims)
    changed: set[Name] = set()
    warnings: list[dict[str, Any]] = []
    fresh: list[Identity] = []
    moved: list[Identity] = []
    for key, by_person in claims.items():
        mine = standing.get(key, [])
        stretches = stretches_of(by_person)
        if any(row.reason for row in mine):
            warnings += said_otherwise(mine, by_person)
        elif stretches is None:
            warnings.append(conflict(by_person))
        else:
            name = next(iter(by_person.values()))[0]
            made, given = merge(name, mine, stretches)
            fresh += made
            moved += given
            if made or given:
                changed.add(name)
    Identity.objects.bulk_create(fresh, batch_size=1000)
    Identity.objects.bulk_update(
        moved, ["person", "team", "is_shared", "service", "valid_to"], batch_size=1000
    )
    return changed, warnings[:WARNINGS_MAX]


Claims = dict[str, dict[int, tuple[Name, PersonRow]]]


def claims_in(rows: Sequence[PersonRow], people: dict[str, Person]) -> Claims:
    """Return who claims each name, by its key: the first line of each person counts."""
    claims: Claims = {}
    for row in rows:
        for name in row.identities:
            claims.setdefault(name.key, {}).setdefault(people[row.email].id, (name, row))
    return claims


def standing_rows(claims: Claims) -> dict[str, list[Identity]]:
    ids = {key.partition(":")[2] for key in claims}
    found: dict[str, list[Identity]] = {}
    for row in Identity.objects.annotate(key=Lower("external_id")).filter(key__in=ids):
        found.setdefault(f"{row.namespace}:{row.external_id}".lower(), []).append(row)
    return found


def stretches_of(by_person: dict[int, tuple[Name, PersonRow]]) -> list[Stretch] | None:
    """Return whose a name is, and when: one owner always, several one after another.

    None when two claim it from the same day.
    """
    if len(by_person) == 1:
        return [(None, next(iter(by_person)), None)]
    claimed = sorted(
        ((row.valid_from, person, row.valid_to) for person, (_, row) in by_person.items()),
        key=lambda stretch: stretch[0] or date.min,
    )
    if any(earlier[0] == later[0] for earlier, later in pairwise(claimed)):
        return None
    return claimed


def merge(
    name: Name, mine: list[Identity], stretches: list[Stretch]
) -> tuple[list[Identity], list[Identity]]:
    """Return the rows to make and the rows to change."""
    by_start = {row.valid_from: row for row in mine}
    fresh, moved = [], []
    for start, person, end in stretches:
        row = by_start.get(start)
        if row is None:
            fresh.append(
                Identity(
                    namespace=name.namespace, external_id=name.external_id,
                    valid_from=start, valid_to=end, person_id=person,
                )
            )  # fmt: skip
        elif (row.person_id, row.valid_to) != (person, end):
            row.person_id, row.team_id, row.is_shared, row.service = person, None, False, ""
            row.valid_to = end
            moved.append(row)
    return fresh, moved


def said_otherwise(
    mine: list[Identity], by_person: dict[int, tuple[Name, PersonRow]]
) -> Iterable[dict[str, Any]]:
    """Name the lines that give a name to somebody else than a person decided."""
    owners = {row.person_id for row in mine}
    for person, (name, row) in by_person.items():
        if person not in owners:
            words = (
                f"Line {row.line} gives {name.ref} to {row.email}; it stays with the owner "
                "that somebody chose for it."
            )
            yield {"code": KEPT_NAME, "message": words, "found": name.ref}


def conflict(by_person: dict[int, tuple[Name, PersonRow]]) -> dict[str, Any]:
    claims = [row.email for _, row in by_person.values()]
    name = next(iter(by_person.values()))[0]
    words = f"{name.ref} is given to {' and '.join(claims)} from the same day: nobody gets it."
    return {"code": CONFLICTING_NAME, "message": words, "found": name.ref, "claims": claims}
