"""Say whose an outside name is, from a day on; hand it to somebody else; end it.

Rows are dated and never lost: who owned a name in the past stays as it was, unless that is what
is being corrected. Each action is one transaction and marks exactly the names it touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models.functions import Lower

from finops.attribution.actions.soon import settle_soon
from finops.attribution.owners import Owner
from finops.people.days import Days
from finops.people.models import Identity, Organisation, Person, Team, User
from finops.people.names import Name


class BadIdentityError(ValueError):
    """What was asked makes no sense; the message says why, in words for the person who asked."""


@dataclass(frozen=True)
class Confirmation:
    """A name, whose it is, and why we say so."""

    name: Name
    owner: Owner
    reason: str


def confirm(
    confirmations: Sequence[Confirmation],
    *,
    by: User | None,
    from_day: date | None = None,
    to_day: date | None = None,
) -> list[Identity]:
    """Give names their owners, in the days from `from_day` that nobody owns. Return the new rows.

    Raises BadIdentityError, and writes nothing, when one of them cannot be.
    """
    asked = Days(from_day, to_day)
    if asked.is_empty:
        raise BadIdentityError("The last day must come after the first.")
    if not confirmations:
        raise BadIdentityError("Choose at least one name.")
    with transaction.atomic():
        lock_people()
        check_owners([one.owner for one in confirmations])
        made = []
        for one in without_doubles(confirmations):
            made += claim_days(one, asked, by)
        settle_soon("actor", sorted({one.name.ref for one in confirmations}))
    return made


def without_doubles(confirmations: Sequence[Confirmation]) -> list[Confirmation]:
    """One confirmation per name; raises when a name is given to two owners."""
    first: dict[str, Confirmation] = {}
    for one in confirmations:
        before = first.setdefault(one.name.key, one)
        if before.owner != one.owner:
            raise BadIdentityError(f"{one.name.ref} cannot be two owners’ at once.")
    return list(first.values())


def claim_days(one: Confirmation, asked: Days, by: User | None) -> list[Identity]:
    standing = rows_of(one.name)
    check_bare(one.name, one.owner)
    free = asked.without(days_of(row) for row in standing)
    if not free:
        raise BadIdentityError(
            f"{one.name.ref} belongs to {owner_words(standing[-1])} in those days already. "
            "Hand it over from a day on instead."
        )
    name = Name(standing[0].namespace, standing[0].external_id) if standing else one.name
    return [made_row(name, one.owner, days, by, one.reason) for days in free]


def change_owner(
    name: Name, owner: Owner, *, from_day: date | None, by: User | None, reason: str = ""
) -> Identity:
    """Hand a name over from a day on: the row that stands that day ends, the past stays.

    The new owner keeps it for as long as the old one would have. A row that begins on that very
    day is corrected in place. Raises BadIdentityError.
    """
    with transaction.atomic():
        lock_people()
        check_owners([owner])
        check_bare(name, owner)
        row = standing_row(name, from_day)
        if row is None:
            raise BadIdentityError(f"Nobody owns {name.ref} on that day. Confirm it instead.")
        if owner_of(row) == owner:
            raise BadIdentityError(f"{name.ref} belongs to {owner_words(row)} already.")
        why = reason or f"handed over by {owner_words(row)}"
        if row.valid_from == from_day:
            give(row, owner, by, reason or "corrected")
            row.save()
        else:
            end = row.valid_to
            row.valid_to = from_day
            row.save(update_fields=["valid_to"])
            row = made_row(
                Name(row.namespace, row.external_id), owner, Days(from_day, end), by, why
            )
        settle_soon("actor", [name.ref])
    return row


def end_name(name: Name, on: date, *, by: User | None, reason: str = "ended") -> Identity:
    """End a name on a day: a deleted user or key. What it did before stays where it is.

    Later rows of the name stay. Raises BadIdentityError when nobody owns it on the day before.
    """
    with transaction.atomic():
        lock_people()
        row = next((r for r in reversed(rows_of(name)) if ends_after(r, on)), None)
        if row is None:
            raise BadIdentityError(f"{name.ref} has ended by {on:%-d %b %Y} already.")
        row.valid_to, row.confirmed_by = on, by
        row.reason = "; ".join(filter(None, [row.reason, reason]))
        row.save(update_fields=["valid_to", "confirmed_by", "reason"])
        settle_soon("actor", [name.ref])
    return row


def ends_after(row: Identity, day: date) -> bool:
    began = row.valid_from is None or row.valid_from < day
    return began and (row.valid_to is None or row.valid_to > day)


def lock_people() -> None:
    """Let one change of names and people run at a time: their days must not come to overlap."""
    Organisation.objects.get_or_create(pk=1)
    Organisation.objects.select_for_update().get(pk=1)


def rows_of(name: Name) -> list[Identity]:
    """Return every row of a name, however it is capitalised, in order of its days."""
    found = (
        Identity.objects.annotate(key=Lower("external_id"))
        .filter(namespace=name.namespace, key=name.external_id.lower())
        .select_related("person", "team")
    )
    return sorted(found, key=lambda row: row.valid_from or date.min)


def standing_row(name: Name, day: date | None) -> Identity | None:
    """The row that holds on a day; None asks for the one without a beginning."""
    for row in rows_of(name):
        if row.valid_from is None if day is None else days_of(row).hold(day):
            return row
    return None


def days_of(row: Identity) -> Days:
    return Days(row.valid_from, row.valid_to)


def made_row(name: Name, owner: Owner, days: Days, by: User | None, reason: str) -> Identity:
    row = Identity(
        namespace=name.namespace, external_id=name.external_id,
        valid_from=days.start, valid_to=days.end,
    )  # fmt: skip
    give(row, owner, by, reason)
    row.save()
    return row


def give(row: Identity, owner: Owner, by: User | None, reason: str) -> None:
    row.person_id, row.team_id = owner.person_id, owner.team_id
    row.service, row.is_shared = owner.service, owner.is_shared
    row.confirmed_by, row.reason = by, reason


def owner_of(row: Identity) -> Owner | None:
    """Whose a row is; None when it is shared without a name."""
    if row.person_id is not None:
        return Owner("person", row.person_id)
    if row.service:
        return Owner("service", row.team_id, row.service)
    return Owner("team", row.team_id) if row.team_id is not None else None


def owner_words(row: Identity) -> str:
    """Whose a row is, in words."""
    if row.person is not None:
        return str(row.person)
    if row.service:
        return f"{row.service} of {row.team}" if row.team else f"{row.service}, shared"
    return str(row.team) if row.team else "everybody, as a shared service"


def check_owners(owners: Sequence[Owner]) -> None:
    """Raise BadIdentityError for people and teams that are not there, or no longer themselves."""
    people = {owner.person_id for owner in owners if owner.person_id is not None}
    teams = {owner.team_id for owner in owners if owner.team_id is not None}
    known = Person.objects.filter(pk__in=people).select_related("merged_into")
    for person in known:
        if person.merged_into is not None:
            raise BadIdentityError(f"{person} is {person.merged_into} now: choose that one.")
    if len(known) < len(people):
        raise BadIdentityError("That person is not known here.")
    if Team.objects.filter(pk__in=teams).count() < len(teams):
        raise BadIdentityError("That team is not known here.")


def check_bare(name: Name, owner: Owner) -> None:
    """Raise when the name, written without its namespace, would come to mean two owners.

    Bills and logs often write it so; then it would mean nobody, and money would be lost to both.
    """
    others = (
        Identity.objects.annotate(key=Lower("external_id"))
        .filter(key=name.external_id.lower())
        .exclude(namespace=name.namespace)
        .select_related("person", "team")
    )
    for row in others:
        if (row.person_id, row.team_id) != (owner.person_id, owner.team_id):
            raise BadIdentityError(
                f"{row.namespace}:{row.external_id} belongs to {owner_words(row)}; "
                f"{name.ref} must be the same, or a bill that says only {name.external_id} "
                "would mean nobody."
            )
