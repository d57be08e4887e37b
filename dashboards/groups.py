"""A team of teams on a page: in words, whose money its figures hold, and the choice of the tree."""

from collections.abc import Iterable
from dataclasses import replace

from dashboards import words
from dashboards.known import known
from dashboards.menus import Choice, Menu, Place
from dashboards.panel import Asked
from finops.attribution.queries.books import parts
from finops.attribution.queries.team_scope import Tree

NAMES_SHOWN = 6


def has_ever_sub_teams(asked: Asked) -> bool:
    team = asked.team
    return team is not None and any(
        placed.parent == team.id for placed in asked.state.nesting.placements
    )


def group_words(asked: Asked) -> str:
    """It counts Core and Data, which stand below it today. Empty for a team without sub-teams."""
    if not has_ever_sub_teams(asked) or asked.team is None:
        return ""
    scope = asked.scope()
    if asked.state.tree == "today":
        below = named(asked, scope.teams or ())
        return f"It counts {below}, by today’s tree." if below else "No team stands below it today."
    said = [
        f"{named(asked, part.teams or ()) or 'no other team'}"
        f" {'on' if part.period.days == 1 else 'from'} {words.day(part.period.start)}"
        for part in parts(scope)
    ]
    return f"It counts, by the tree of the time, {'; '.join(said)}."


def named(asked: Asked, teams: Iterable[int]) -> str:
    """The names of its sub-teams among these; empty when there are none."""
    own = asked.team.id if asked.team else None
    refs = {team.id: team.name for team in known(asked.request).teams}
    names = sorted(refs[team] for team in teams if team in refs and team != own)
    more = len(names) - NAMES_SHOWN
    shown = [*names[:NAMES_SHOWN], *([f"{more} more"] if more > 0 else [])]
    return words.listed(shown) if shown else ""


def tree_menu(asked: Asked, place: Place) -> list[Menu]:
    """Whose sub-teams count, where that can make a difference."""
    if not has_ever_sub_teams(asked):
        return []
    state = asked.state
    trees: tuple[tuple[str, Tree, str], ...] = (
        ("Today’s", "today", "as the teams stand now"),
        ("Of the time", "then", "a reorganisation counts from its day on"),
    )
    choices = [
        Choice(label, place.address(replace(state, tree=tree)), state.tree == tree, note)
        for label, tree, note in trees
    ]
    value = "of the time" if state.tree == "then" else "today’s"
    return [Menu("Tree", value, choices, state.tree != "today")]
