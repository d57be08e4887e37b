"""People who turn out to be one, and one who turns out to be two.

Both re-settle only what they touch: the names that change hands, and the people whose teams do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from finops.attribution.actions.identities import (
    BadIdentityError,
    days_of,
    give,
    lock_people,
    made_row,
    rows_of,
)
from finops.attribution.actions.soon import settle_soon
from finops.attribution.owners import Owner
from finops.people.days import Days
from finops.people.models import Identity, Membership, Person, User
from finops.people.names import EMAIL, Name, is_email


@dataclass(frozen=True)
class Dropped:
    """Days in which the person who goes was in another team than the one who stays."""

    team: str
    kept_team: str
    days: Days


@dataclass(frozen=True)
class Merged:
    """What a merge moved, and the stays that gave way."""

    keep: Person
    gone: Person
    names: int
    stays: int
    dropped: list[Dropped] = field(default_factory=list)


@dataclass(frozen=True)
class Split:
    """Who got the names, and how many."""

    person: Person
    is_new: bool
    names: int


def merge(keep: Person, gone: Person, *, by: User | None) -> Merged:
    """Make two people one: `gone`'s names and stays become `keep`'s; its row stays, pointing there.

    Where both were in a team in the same days, `keep`'s stays and the other is reported.
    Raises BadIdentityError.
    """
    with transaction.atomic():
        lock_people()
        keep, gone = fresh(keep), fresh(gone)
        if keep == gone:
            raise BadIdentityError("Choose another person: these are the same.")
        for person in (keep, gone):
            if person.merged_into is not None:
                raise BadIdentityError(f"{person.email} was merged into {person.merged_into}.")
        moved = move_names(keep, gone, by)
        stays, dropped = move_stays(keep, gone)
        Person.objects.filter(merged_into=gone).update(merged_into=keep)
        gone.merged_into = keep
        gone.save(update_fields=["merged_into"])
        settle_soon("actor", moved)
        settle_soon("person", [gone.pk, *([keep.pk] if stays else [])])
    return Merged(keep, gone, len(moved), stays, dropped)


def fresh(person: Person) -> Person:
    """The person as it stands under the lock."""
    found = Person.objects.select_related("merged_into").filter(pk=person.pk).first()
    if found is None:
        raise BadIdentityError("That person is not known here.")
    return found


def move_names(keep: Person, gone: Person, by: User | None) -> list[str]:
    """Give `keep` every name of `gone`, its e-mail among them; return what they are."""
    rows = list(Identity.objects.filter(person=gone))
    refs = {f"{row.namespace}:{row.external_id}" for row in rows}
    for row in rows:
        give(row, Owner("person", keep.pk), by, f"merged with {gone.email}")
    Identity.objects.bulk_update(rows, ["person", "confirmed_by", "reason"], batch_size=1000)
    email = Name(EMAIL, gone.email)
    if not rows_of(email):
        made_row(email, Owner("person", keep.pk), Days(), by, f"merged with {gone.email}")
        refs.add(email.ref)
    return sorted(refs)


def move_stays(keep: Person, gone: Person) -> tuple[int, list[Dropped]]:
    """Give `keep` the stays of `gone` in the days `keep` was in no team."""
    kept = list(Membership.objects.filter(person=keep).select_related("team"))
    moved, dropped = [], []
    for stay in Membership.objects.filter(person=gone).select_related("team"):
        days = Days(stay.valid_from, stay.valid_to)
        moved += [
            Membership(person=keep, team=stay.team, valid_from=left.start, valid_to=left.end)
            for left in days.without(Days(k.valid_from, k.valid_to) for k in kept)
        ]
        for k in kept:
            common = days.common(Days(k.valid_from, k.valid_to))
            if not common.is_empty and k.team_id != stay.team_id:
                dropped.append(Dropped(stay.team.name, k.team.name, common))
    Membership.objects.filter(person=gone).delete()
    Membership.objects.bulk_create(moved)
    return len(moved), dropped


def split(
    person: Person,
    identities: Sequence[int],
    *,
    to: Person | None = None,
    email: str = "",
    name: str = "",
    from_day: date | None = None,
    same_teams: bool = True,
    by: User | None,
) -> Split:
    """Give some of a person's names (ids of their rows) to a new person or another one.

    From a day on, or for all their days. A new person (`email`, `name`) joins the same teams in
    those days, if wanted. One who had been merged into `person` becomes a person again.
    Raises BadIdentityError.
    """
    with transaction.atomic():
        lock_people()
        person = fresh(person)
        rows = list(Identity.objects.filter(person=person, pk__in=identities))
        if not rows or len(rows) < len(set(identities)):
            raise BadIdentityError("Choose at least one of the person’s names.")
        target, is_new = receiver(person, to, email, name)
        rows += own_email(target, person, rows) if is_new else []
        refs = [hand_on(row, target, person, from_day, by) for row in rows]
        if is_new and not rows_of(Name(EMAIL, target.email)):
            made_row(
                Name(EMAIL, target.email), Owner("person", target.pk), Days(), by, "own e-mail"
            )
            refs.append(f"{EMAIL}:{target.email}")
        if same_teams and not target.memberships.exists():
            join_teams(target, person, from_day)
        settle_soon("actor", sorted(set(refs)))
    return Split(target, is_new, len(rows))


def receiver(person: Person, to: Person | None, email: str, name: str) -> tuple[Person, bool]:
    """Who gets the names, and whether that is a new or again an own person."""
    if to is not None:
        target = fresh(to)
        if target == person:
            raise BadIdentityError("Choose another person: these names are theirs already.")
        if target.merged_into is None:
            return target, False
        if target.merged_into != person:
            raise BadIdentityError(f"{target} was merged into {target.merged_into}.")
        target.merged_into = None
        target.save(update_fields=["merged_into"])
        return target, True
    email = email.strip().lower()
    if not is_email(email):
        raise BadIdentityError("Give the new person’s e-mail address.")
    standing = Person.objects.filter(email=email).first()
    if standing is not None:
        return receiver(person, standing, "", "")
    return Person.objects.create(email=email, name=name.strip()), True


def own_email(target: Person, person: Person, rows: list[Identity]) -> list[Identity]:
    """A new person's own e-mail goes along when it is among the other's names."""
    chosen = {row.pk for row in rows}
    found = Identity.objects.filter(person=person, namespace=EMAIL, external_id=target.email)
    return [row for row in found if row.pk not in chosen]


def hand_on(
    row: Identity, target: Person, person: Person, from_day: date | None, by: User | None
) -> str:
    """Move a row, or its days from `from_day` on."""
    days, owner = days_of(row), Owner("person", target.pk)
    name = Name(row.namespace, row.external_id)
    reason = f"split from {person.email}"
    later = days.since(from_day) if from_day else days
    if later.is_empty:
        raise BadIdentityError(f"{name.ref} has ended before that day.")
    if later == days:
        give(row, owner, by, reason)
        row.save()
    else:
        row.valid_to = from_day
        row.save(update_fields=["valid_to"])
        made_row(name, owner, later, by, reason)
    return name.ref


def join_teams(target: Person, person: Person, from_day: date | None) -> None:
    """Let a new person be in the other's teams, from the day on."""
    for stay in person.memberships.all():
        days = Days(stay.valid_from, stay.valid_to).since(from_day)
        if not days.is_empty:
            Membership.objects.create(
                person=target, team_id=stay.team_id, valid_from=days.start, valid_to=days.end
            )
