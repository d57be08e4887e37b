"""What was redone: reverts, rework and dropped work, each with the chain it belongs to."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from finops.outcomes.models import WorkItem

from .books import rows_of
from .shapes import Chain, Scope


@dataclass(frozen=True)
class Redone:
    """An item with a fate of reverted, rework or abandoned, and what the period paid for it."""

    item_id: int
    fate: str
    reverted_by_id: int | None
    redoes_id: int | None
    nanos: int

    @property
    def linked(self) -> list[int]:
        return [other for other in (self.reverted_by_id, self.redoes_id) if other is not None]


def redone(scope: Scope, *, limit: int = 5) -> tuple[list[Chain], int]:
    """Return the dearest chains, and the nanos of all of them."""
    pieces: dict[int, Redone] = {}
    for item, fate, reverted_by, redoes, nanos in rows_of(scope, "redone"):
        known = pieces[item].nanos if item in pieces else 0
        pieces[item] = Redone(item, fate, reverted_by, redoes, known + nanos)
    groups = sorted(
        connected(pieces.values()),
        key=lambda ids: (-sum(pieces[i].nanos for i in ids if i in pieces), min(ids)),
    )[:limit]
    names = {
        pk: (external_id, title or external_id)
        for pk, external_id, title in WorkItem.objects.filter(
            pk__in=[pk for ids in groups for pk in ids]
        ).values_list("pk", "external_id", "title")
    }
    chains = [chain_of(sorted(ids & names.keys()), pieces, names) for ids in groups]
    return chains, sum(piece.nanos for piece in pieces.values())


def connected(pieces: Iterable[Redone]) -> list[set[int]]:
    """Return the ids of items that revert, are reverted by, or redo one another."""
    group_of: dict[int, set[int]] = {}
    for piece in pieces:
        merged = {piece.item_id}
        for other in (piece.item_id, *piece.linked):
            merged |= group_of.get(other, {other})
        for member in merged:
            group_of[member] = merged
    return list({id(group): group for group in group_of.values()}.values())


def chain_of(ids: list[int], pieces: dict[int, Redone], names: dict[int, tuple[str, str]]) -> Chain:
    """Return a chain: what everything else follows from first, then the rest as they came."""
    reverters = {piece.reverted_by_id for piece in pieces.values() if piece.item_id in ids}
    roles: dict[int, str] = defaultdict(lambda: "first")
    for pk in ids:
        if pk in reverters:
            roles[pk] = "reverted by"
        elif pk in pieces and pieces[pk].redoes_id in ids:
            roles[pk] = "fixed by"
        elif pk in pieces and pieces[pk].fate == "abandoned":
            roles[pk] = "closed unmerged"
    order = sorted(ids, key=lambda pk: (roles[pk] != "first", pk))
    return Chain(
        title=names[order[0]][1],
        items=[(pk, names[pk][0], roles[pk]) for pk in order],
        nanos=sum(pieces[pk].nanos for pk in ids if pk in pieces),
    )
