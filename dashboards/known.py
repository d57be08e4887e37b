"""What is asked about the books once per request, however many parts of the page need it."""

from functools import cached_property

from django.http import HttpRequest
from django.utils import timezone

from finops.attribution.queries import organisation as books
from finops.attribution.queries.shapes import TeamRef
from finops.people.access import Sight, sight_of
from finops.people.models import Organisation, User
from finops.periods import Period


class Known:
    """Whose books these are, which teams they have, how far they reach, and who is looking."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.now = timezone.now()

    @cached_property
    def organisation(self) -> Organisation:
        return books.organisation()

    @cached_property
    def teams(self) -> list[TeamRef]:
        return books.teams()

    @cached_property
    def reach(self) -> books.Reach:
        return books.reach()

    @property
    def span(self) -> Period | None:
        return self.reach.span

    @cached_property
    def sight(self) -> Sight:
        return sight_of(self.user, self.now.date()) if self.user else Sight(teams=())

    @property
    def user(self) -> User | None:
        user = getattr(self.request, "user", None)
        return user if isinstance(user, User) else None

    @property
    def visible_teams(self) -> list[TeamRef]:
        return [team for team in self.teams if self.sight.sees(team.id)]


def known(request: HttpRequest) -> Known:
    """The same object for the whole of a request."""
    found: Known = vars(request).setdefault("outlay_known", Known(request))
    return found
