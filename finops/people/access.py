"""Who may see what. Finance and administrators see everything; a manager sees the own teams."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AnonymousUser

from finops.people.models import TeamPlacement, User
from finops.people.tree import Placement, with_below


@dataclass(frozen=True)
class Sight:
    """What somebody may see and do. teams is None for everything, also what has no team."""

    teams: tuple[int, ...] | None
    can_upload: bool = False
    can_administer: bool = False

    def sees(self, team_id: int | None) -> bool:
        """Money without a team is seen only by those who see everything."""
        return self.teams is None or (team_id is not None and team_id in self.teams)

    def narrow(self, teams: tuple[int, ...] | None) -> tuple[int, ...] | None:
        """Those of the teams that may be seen; None asks for everything."""
        if self.teams is None:
            return teams
        return tuple(t for t in self.teams if teams is None or t in teams)


NOTHING = Sight(teams=())


def sight_of(user: User | AnonymousUser, today: date) -> Sight:
    """The sight of a signed-in user; somebody who is not signed in sees nothing."""
    if not isinstance(user, User) or not user.is_active:
        return NOTHING
    if administers(user):
        return Sight(teams=None, can_upload=True, can_administer=True)
    if user.role == User.Role.CFO:
        return Sight(teams=None, can_upload=True)
    return Sight(teams=with_teams_below(list(user.teams.values_list("id", flat=True)), today))


def administers(user: User) -> bool:
    """Whether somebody looks after the books, without asking for what they see."""
    return user.is_active and (user.is_superuser or user.role == User.Role.ADMIN)


def with_teams_below(teams: list[int], today: date) -> tuple[int, ...]:
    """The teams and all that stand below them in the tree today."""
    return with_below(placements(), teams, today)


def placements() -> list[Placement]:
    """Where every team stood in the tree, and when."""
    rows = TeamPlacement.objects.values_list("team", "parent", "valid_from", "valid_to")
    return [Placement(*row) for row in rows]
