"""Which team would pay for a row that is not booked yet, as far as the row itself tells.

The order is that of the books: a team tag, else the person's team on that day, else whose the
key, the project or the account is. A bill's row is asked for its tag only: whose its other names
are decides the usage log, when there is one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar

from django.db.models import Q, TextField, Value
from django.db.models.functions import Concat, Lower

from finops.people.models import Identity, Membership, Team

Row = dict[str, str]
Dated = TypeVar("Dated", Identity, Membership)
NAMES = ("actor", "api_key", "project", "sub_account_id")
OF_PEOPLE = ("actor", "api_key")


def payers(rows: Sequence[Row]) -> list[Team | None]:
    """The team of each row; None when nothing in it names one. Three queries at most."""
    names = {name for row in rows for name in names_of(row).values()}
    tags = {row["team"].lower() for row in rows if row.get("team")}
    if not names and not tags:
        return [None] * len(rows)
    tagged = {key: team for team in Team.objects.all() for key in (team.name.lower(), team.slug)}
    owners = owners_of(names)
    members = memberships_of(
        {o.person_id for found in owners.values() for o in found if o.person_id}
    )
    return [
        tagged.get(row.get("team", "").lower()) or by_owner(row, owners, members) for row in rows
    ]


def by_owner(
    row: Row, owners: dict[str, list[Identity]], members: dict[int, list[Membership]]
) -> Team | None:
    when = day_of(row)
    named = {
        column: owner
        for column, name in names_of(row).items()
        if (owner := newest(owners.get(name, ()), when))
    }
    person = next((o.person_id for c in OF_PEOPLE if (o := named.get(c)) and o.person_id), None)
    member = newest(members.get(person, ()), when) if person else None
    return (
        member.team
        if member
        else next((named[c].team for c in NAMES if c in named and named[c].team), None)
    )


def names_of(row: Row) -> dict[str, str]:
    """Who and what a row of usage names, in lower case, by column."""
    if "occurred_at" not in row:
        return {}
    return {column: row[column].lower() for column in NAMES if row.get(column)}


def day_of(row: Row) -> date | None:
    try:
        return date.fromisoformat(row["occurred_at"][:10])
    except (KeyError, ValueError):
        return None


def owners_of(names: set[str]) -> dict[str, list[Identity]]:
    """Whose each name is or was. Without its namespace it counts only when it is clear."""
    if not names:
        return {}
    full = Lower(Concat("namespace", Value(":"), "external_id", output_field=TextField()))
    bare = Lower("external_id")
    found = Identity.objects.annotate(full=full, bare=bare).select_related("team")
    owners: dict[str, list[Identity]] = defaultdict(list)
    same: dict[str, list[Identity]] = defaultdict(list)
    for identity in found.filter(Q(full__in=names) | Q(bare__in=names)):
        owners[identity.full].append(identity)
        same[identity.bare].append(identity)
    owners |= {name: of_name for name, of_name in same.items() if is_clear(of_name)}
    return owners


def is_clear(identities: list[Identity]) -> bool:
    return (
        len({i.namespace for i in identities}) == 1
        or len({(i.person_id, i.team_id) for i in identities}) == 1
    )


def memberships_of(people: set[int]) -> dict[int, list[Membership]]:
    found: dict[int, list[Membership]] = defaultdict(list)
    if people:
        for member in Membership.objects.filter(person__in=people).select_related("team"):
            found[member.person_id].append(member)
    return found


def newest(those: Iterable[Dated], when: date | None) -> Dated | None:
    """The one that held on the day; of several the one that began last."""
    held = [
        one
        for one in those
        if when is None
        or ((one.valid_from is None or one.valid_from <= when)
            and (one.valid_to is None or one.valid_to > when))
    ]  # fmt: skip
    return max(held, key=lambda one: (one.valid_from or date.min, one.pk), default=None)
