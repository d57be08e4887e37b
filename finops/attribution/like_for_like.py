"""Costs per outcome at one common mix of work, so that only like is compared with like. Pure.

A team that does small things is cheap per outcome even where it is dear for small things
(Simpson's paradox). Direct standardisation prices one common mix at each team's own unit costs.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

S = TypeVar("S", bound=Hashable)
LEAST_OVERLAP = 0.8


@dataclass(frozen=True)
class Stratum:
    """What one class of work cost and how many outcomes it had."""

    cost: float
    outcomes: float

    @property
    def unit_cost(self) -> float:
        return self.cost / self.outcomes


@dataclass(frozen=True)
class Standardised:
    """A cost per outcome at the common mix, and how much of that mix the team does at all.

    `unit_cost` is None where the team does too little of the mix to be compared.
    """

    unit_cost: float | None
    overlap: float


def common_mix(teams: Mapping[Hashable, Mapping[S, Stratum]]) -> dict[S, Stratum]:
    """Return all teams' work together, by class."""
    sums: dict[S, Stratum] = {}
    for strata in teams.values():
        for key, mine in strata.items():
            so_far = sums.get(key, Stratum(0.0, 0.0))
            sums[key] = Stratum(so_far.cost + mine.cost, so_far.outcomes + mine.outcomes)
    return {key: stratum for key, stratum in sums.items() if stratum.outcomes > 0}


def standardised(strata: Mapping[S, Stratum], mix: Mapping[S, Stratum]) -> Standardised:
    """Return what the mix would cost per outcome at the unit costs of `strata`.

    Of a class that the team never does nothing is known. The rest of the mix then stands for it
    in proportion: the figure is the mix's own cost per outcome, times how the team compares with
    all teams on the classes it does. With a full overlap this is direct standardisation.
    """
    whole = sum(common.outcomes for common in mix.values())
    shared = [key for key in mix if key in strata and strata[key].outcomes > 0]
    overlap = sum(mix[key].outcomes for key in shared) / whole if whole else 0.0
    all_teams = sum(mix[key].cost for key in shared)
    if overlap < LEAST_OVERLAP or all_teams <= 0:
        return Standardised(None, overlap)
    mine = sum(mix[key].outcomes * strata[key].unit_cost for key in shared)
    of_mix = sum(common.cost for common in mix.values()) / whole
    return Standardised(of_mix * mine / all_teams, overlap)
