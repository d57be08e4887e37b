"""Some teams with all that stand below them: by today's tree, or by the tree of the time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

from finops.people.tree import Placement, ThenTree, with_below

from .shapes import Scope

Tree = Literal["today", "then"]


def with_teams_below(
    scope: Scope,
    roots: Sequence[int],
    placements: Sequence[Placement],
    *,
    tree: Tree,
    today: date,
    seen: tuple[int, ...] | None = None,
) -> Scope:
    """Return the scope of these teams and their sub-teams; without any team it stays as it is.

    `today` holds the tree of that day against the whole period. `then` takes the sub-teams of
    each time. `seen` keeps to those that somebody may see (None: all).
    """
    if not roots:
        return scope
    if tree == "today":
        teams = with_below(placements, roots, today)
        return replace(scope, teams=tuple(t for t in teams if seen is None or t in seen))
    then = ThenTree(tuple(roots), tuple(placements), seen)
    stretches = then.stretches(scope.period)
    every = tuple(dict.fromkeys(team for _, teams in stretches for team in teams))
    return replace(scope, teams=every, then=then)
