"""Whose a piece is: the person who spent it, and the team that pays."""

from collections.abc import Iterable
from typing import Any

from finops.people.models import Identity, Membership, Team

from .cells import Piece


def dated(rows: Iterable[Any], day: Any) -> Any:
    alive = [
        r
        for r in rows
        if (not r.valid_from or r.valid_from <= day) and (not r.valid_to or r.valid_to > day)
    ]
    return max(
        alive, key=lambda r: (r.valid_from is not None, r.valid_from or day, r.id), default=None
    )


def owner_of(name: str, day: Any) -> Identity | None:
    if not name:
        return None
    name = name.lower()
    everyone = list(Identity.objects.all())
    bare = [i for i in everyone if i.external_id.lower() == name]
    one = (
        len({i.namespace for i in bare}) == 1 or len({(i.person_id, i.team_id) for i in bare}) == 1
    )
    full = [i for i in everyone if f"{i.namespace}:{i.external_id}".lower() == name]
    found: Identity | None = dated(full + (bare if one else []), day)
    return found


def member_of(person: int | None, day: Any) -> int | None:
    found = dated(Membership.objects.filter(person_id=person), day) if person else None
    return found.team_id if found else None


def payer(piece: Piece) -> tuple[int | None, int | None, bool]:
    day = piece.at.date()
    owners = [
        owner_of(piece.said[name], day)
        for name in ("actor", "api_key", "project", "sub_account_id")
    ]
    person = next((o.person_id for o in owners if o and o.person_id), None)
    tag = piece.said["team"].lower()
    tagged = next(
        (t.id for t in Team.objects.all() if tag and tag in (t.slug, t.name.lower())), None
    )
    owned = next((o.team_id for o in owners if o and o.team_id), None)
    team = tagged or member_of(person, day) or owned
    shared = piece.is_shared or any(o.is_shared for o in owners if o)
    return person, team, shared or (not piece.is_usage and not team and not person)
