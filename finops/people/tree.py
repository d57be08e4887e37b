"""The tree of teams: which team stood below which, on a day or through a period. Pure.

A reorganisation adds placements from its day on; what stood before stays, so the past can be
asked either by today's tree or by the tree of the time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from finops.periods import Period


class Placement(NamedTuple):
    """A team under a parent. Half-open; an open end is None."""

    team: int
    parent: int
    valid_from: date | None
    valid_to: date | None

    def holds(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )


def parents_on(placements: Iterable[Placement], day: date) -> dict[int, int]:
    """Return each team's parent on a day; of several the one that began last."""
    holding = [placed for placed in placements if placed.holds(day)]
    return {
        placed.team: placed.parent
        for placed in sorted(holding, key=lambda placed: placed.valid_from or date.min)
    }


def children_on(placements: Iterable[Placement], day: date) -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for team, parent in parents_on(placements, day).items():
        children.setdefault(parent, []).append(team)
    return children


def with_below(placements: Iterable[Placement], teams: Iterable[int], day: date) -> tuple[int, ...]:
    """Return the teams and all that stood below them on a day, each once."""
    children = children_on(placements, day)
    found: dict[int, None] = {}
    waiting = list(teams)
    while waiting:
        team = waiting.pop(0)
        if team not in found:
            found[team] = None
            waiting += children.get(team, [])
    return tuple(found)


def in_tree_order(
    placements: Iterable[Placement], teams: Sequence[int], day: date
) -> list[tuple[int, int]]:
    """Return (team, depth) of all the teams, each under its parent, siblings in the order given."""
    parents = parents_on(placements, day)
    below: dict[int | None, list[int]] = {}
    for team in teams:
        parent = parents.get(team)
        below.setdefault(parent if parent in teams else None, []).append(team)
    ordered: list[tuple[int, int]] = []
    waiting = [(team, 0) for team in reversed(below.get(None, []))]
    while waiting:
        team, depth = waiting.pop()
        ordered.append((team, depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(team, []))]
    return ordered


def changes_in(placements: Iterable[Placement], period: Period) -> list[date]:
    """Return the days inside the period, but its first, on which the tree became another."""
    days = {
        day
        for placed in placements
        for day in (placed.valid_from, placed.valid_to)
        if day is not None and period.start < day < period.end
    }
    return sorted(days)


def circle(placements: Sequence[Placement]) -> tuple[date | None, int] | None:
    """Return a day and a team that would stand below itself on it; None when there is none.

    The tree only changes when a placement begins or ends, so those days, and the beginning of
    time (None), tell it all.
    """
    starts = {placed.valid_from for placed in placements} | {None}
    for start in sorted(starts, key=lambda day: day or date.min):
        parents = parents_on(placements, start or date.min)
        for team in parents:
            above, at = {team}, parents.get(team)
            while at is not None and at not in above:
                above.add(at)
                at = parents.get(at)
            if at == team:
                return start, team
    return None


@dataclass(frozen=True)
class ThenTree:
    """Some teams with those below them by the tree of the time.

    `seen` keeps to the teams that somebody may see; None keeps all.
    """

    roots: tuple[int, ...]
    placements: tuple[Placement, ...]
    seen: tuple[int, ...] | None = None

    def stretches(self, period: Period) -> list[tuple[Period, tuple[int, ...]]]:
        """Cut a period where the set of teams changes; the stretches are the whole period."""
        cuts = [period.start, *changes_in(self.placements, period), period.end]
        found: list[tuple[Period, tuple[int, ...]]] = []
        for start, end in pairwise(cuts):
            teams = self.on(start)
            if found and set(found[-1][1]) == set(teams):
                found[-1] = (Period(found[-1][0].start, end), found[-1][1])
            else:
                found.append((Period(start, end), teams))
        return found

    def on(self, day: date) -> tuple[int, ...]:
        teams = with_below(self.placements, self.roots, day)
        return teams if self.seen is None else tuple(t for t in teams if t in self.seen)
