"""How long do pull requests wait? Median and 90th percentile of each part of their life."""

from dataclasses import dataclass

from .books import scope_params
from .shapes import Scope
from .sql_files import fetch


@dataclass(frozen=True)
class Span:
    """One part: coding (first commit to opened), pickup (to the first review by somebody else),
    review (to merged), deploy (to production), or cycle, all of it as far as it is known.

    In minutes, over `items` pull requests for which both ends are known.
    """

    part: str
    items: int
    median: int
    p90: int


def review_times(scope: Scope) -> list[Span]:
    """Return the parts known for any pull request merged in the period, in their order."""
    return [Span(*row) for row in fetch("review_times", **scope_params(scope))]
