"""The waterfall: where each piece goes, and what becomes of pools without anything in them."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from finops.money import split
from finops.outcomes.models import WorkItem

from .cells import Piece
from .payers import member_of, owner_of

FAR = datetime(9999, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Items:
    """The work items, their keys, windows, people and teams."""

    def __init__(self) -> None:
        self.items = {w.id: w for w in WorkItem.objects.prefetch_related("keys", "people", "links")}
        self.by_key: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
        for w in self.items.values():
            for key in w.keys.all():
                self.by_key[key.key_type, key.value][w.id] = key.weight
        self.pulls: dict[int, set[int]] = defaultdict(set)
        named = {(w.kind, w.key): w.id for w in self.items.values()}
        for w in self.items.values():
            for link in w.links.all():
                target = named.get((link.target_kind, link.target_key))
                if w.kind == "pull_request" and link.target_kind == "ticket" and target:
                    self.pulls[target].add(w.id)

    def window(self, w: WorkItem) -> tuple[datetime, datetime] | None:
        end = {"done": w.completed_at, "abandoned": w.closed_at}.get(w.state)
        start = w.started_at or w.created_at
        if end:
            earliest = end - 21 * DAY
            return max((start or earliest) - DAY, earliest), end + 2 * DAY
        return (start - DAY, FAR) if start else None

    def people(self, w: WorkItem) -> set[int]:
        day = (w.completed_at or w.closed_at or w.version_at).date()
        makers = [
            p
            for p in w.people.all()
            if p.role in ("author", "co_author", "committer", "assignee", "owner")
        ]
        owners = (owner_of(p.actor, day) for p in makers)
        return {o.person_id for o in owners if o and o.person_id}

    def place(
        self, p: Piece, person: int | None, team: int | None, shared: bool
    ) -> list[tuple[str, str, int | None, int]]:
        tier, weights = ("", {}) if p.is_excluded else self.match(p, person)
        if weights:
            rank = {item: (self.items[item].kind, self.items[item].key) for item in weights}
            order = {
                item: f"{number:09d}"
                for number, item in enumerate(sorted(weights, key=rank.__getitem__))
            }
            parts = split(p.nanos, {order[item]: weight for item, weight in weights.items()})
            return [(tier, "", item, parts[order[item]]) for item in weights]
        if p.is_excluded:
            return [("E", "excluded", None, p.nanos)]
        if shared:
            return [("D", "", None, p.nanos)]
        if team:
            return [("C", "", None, p.nanos)]
        known = {w.repo for w in self.items.values()}
        unmapped = p.said["repo"] and p.said["repo"] not in known
        reason = (
            "no_outcome_in_period" if person else "unmapped_repo" if unmapped else "no_identity"
        )
        return [("E", reason, None, p.nanos)]

    def match(self, p: Piece, person: int | None) -> tuple[str, dict[int, int]]:
        said = p.said
        for key_type in ("pr", "conversation", "deal", "ticket"):
            found = (
                {
                    i
                    for name in said[key_type].split(";")
                    if name
                    for i in self.by_key[key_type, name]
                }
                if said.get(key_type)
                else set()
            )
            if key_type == "ticket":
                found = {i for i in found if not self.pulls[i]}
            if found:
                return "A1", dict.fromkeys(found, 1)
        if said["session"] and self.by_key["session", said["session"]]:
            return "A2", dict(self.by_key["session", said["session"]])
        if branch := self.branch(p):
            return "A3", {branch: 1}
        tickets = {
            t.lower() for t in re.findall(r"[A-Za-z][A-Za-z0-9]+-[0-9]+", said["branch"])
        } | set(said["ticket"].split(";"))
        found = {i for t in tickets if t for i in self.by_key["ticket", t]}
        if found:
            return "A4", dict.fromkeys({x for i in found for x in self.pulls[i] or {i}}, 1)
        return "B", dict.fromkeys(self.open_to(p, person), 1)

    def branch(self, p: Piece) -> int | None:
        if not p.said["repo"] or not p.said["branch"]:
            return None
        same = [
            w
            for w in self.items.values()
            if w.repo == p.said["repo"] and w.branch == p.said["branch"]
        ]
        if len(same) == 1:
            return same[0].id
        alive = [(w, win) for w in same if (win := self.window(w)) and win[0] <= p.at < win[1]]
        alive.sort(key=lambda pair: (pair[0].kind, pair[0].key))
        alive.sort(key=lambda pair: pair[1][0], reverse=True)
        return alive[0][0].id if alive else None

    def open_to(self, p: Piece, person: int | None) -> set[int]:
        found = set()
        for w in self.items.values() if person else ():
            window = self.window(w)
            near = window and window[0] <= p.at < window[1]
            if (
                near
                and (not w.repo or not p.said["repo"] or w.repo == p.said["repo"])
                and person in self.people(w)
            ):
                found.add(w.id)
        return found

    def teams(self, w: WorkItem) -> set[int]:
        if w.team_id:
            return {w.team_id}
        day = (w.completed_at or w.closed_at or w.version_at).date()
        return {t for person in self.people(w) if (t := member_of(person, day))}


def with_pools(placed: list[Any], items: Items) -> Iterable[Any]:
    """A pool without a finished item reached nothing."""
    full = {(t, f"{w.completed_at:%Y-%m}") for w in items.items.values()
            if w.state == "done" and w.completed_at for t in items.teams(w)}  # fmt: skip
    for piece, tier, reason, item, team, nanos in placed:
        if tier == "C" and (team, f"{piece.at:%Y-%m}") not in full:
            tier, reason = "E", "no_outcome_in_period"  # noqa: PLW2901
        yield piece, tier, reason, item, team, nanos


def direct_by_team(placed: Iterable[Any]) -> dict[tuple[str, int], int]:
    """What each team has of direct and pooled cost in a month, where that is more than nothing."""
    base: dict[tuple[str, int], int] = defaultdict(int)
    for piece, tier, _, _, team, nanos in placed:
        if tier[0] in "ABC" and team:
            base[f"{piece.at:%Y-%m}", team] += nanos
    return {key: nanos for key, nanos in base.items() if nanos > 0}


def based_months(direct: Iterable[tuple[str, int]]) -> set[str]:
    return {month for month, _ in direct}
