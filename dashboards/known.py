"""What is asked about the books once per request, and the answers kept from one to the next.

An answer is kept for one generation of the books, one sight and one hour. Whoever changes
anything an answer is made of begins another generation in the same transaction, so nothing has
to be thrown away: what is old is not asked for again. Nothing of one sight is given to another.
"""

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from finops.attribution.queries import organisation as books
from finops.attribution.queries.shapes import TeamRef
from finops.people.access import Sight, sight_of
from finops.people.models import Organisation, User
from finops.periods import Period

A = TypeVar("A")


class Known:
    """Whose books these are, which teams they have, how far they reach, and who is looking.

    `now` is the beginning of the hour: what is judged against it holds for all of the hour, and
    the parts of a page, which come one by one, agree.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.now = timezone.now().replace(minute=0, second=0, microsecond=0)

    @cached_property
    def standing(self) -> books.Standing:
        return books.standing()

    @property
    def organisation(self) -> Organisation:
        return self.standing.company

    @property
    def teams(self) -> list[TeamRef]:
        return self.standing.teams

    @property
    def reach(self) -> books.Reach:
        return self.standing.reach

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

    @cached_property
    def visible_teams(self) -> list[TeamRef]:
        return [team for team in self.teams if self.sight.sees(team.id)]

    @property
    def params(self) -> list[tuple[str, list[str]]]:
        """The address after the question mark, in one order."""
        return sorted(self.request.GET.lists())

    def kept(self, about: tuple[Any, ...], ask: Callable[[], A]) -> A:
        """The answer of `ask`, or the one that was kept. What `ask` raises is not kept.

        `about` names the answer and everything it depends on beside the books, the sight and
        the hour; every part must be written in full by repr. An answer must not be None.
        """
        # Before asking: a change that comes while we ask makes another generation.
        held = (self.standing.generation, self.sight, self.now, about)
        key = hashlib.sha256(repr(held).encode()).hexdigest()
        found: A | None = cache.get(key)
        if found is None:
            found = ask()
            cache.set(key, found)
        return found


def known(request: HttpRequest) -> Known:
    """The same object for the whole of a request."""
    found: Known = vars(request).setdefault("outlay_known", Known(request))
    return found
