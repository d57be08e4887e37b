"""Costs per outcome at one common mix of work, so that only like is compared with like. Pure.

A team that does small things is cheap per outcome even where it is dear for small things
(Simpson's paradox). Direct standardisation prices one common mix at each team's own unit costs.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

S = TypeVar("S", bound=Hashable)
LEAST_OVERLAP = Decimal("0.8")
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Stratum:
    """What one class of work cost and how many outcomes it had."""

    cost: Decimal
    outcomes: Decimal

    @property
    def unit_cost(self) -> Decimal:
        return self.cost / self.outcomes


@dataclass(frozen=True)
class Standardised:
    """A cost per outcome at the common mix, and how much of that mix the team does at all.

    `unit_cost` is None where the team does too little of the mix to be compared.
    """

    unit_cost: Decimal | None
    overlap: Decimal


def common_mix(teams: Iterable[Mapping[S, Stratum]]) -> dict[S, Stratum]:
    """Return all teams' work together, by class."""
    sums: dict[S, Stratum] = {}
    for strata in teams:
        for key, mine in strata.items():
            so_far = sums.get(key, Stratum(NOTHING, NOTHING))
            sums[key] = Stratum(so_far.cost + mine.cost, so_far.outcomes + mine.outcomes)
    return {key: stratum for key, stratum in sums.items() if stratum.outcomes > 0}


def standardised(strata: Mapping[S, Stratum], mix: Mapping[S, Stratum]) -> Standardised:
    """Return what the mix would cost per outcome at the unit costs of `strata`.

    Of a class that the team never does nothing is known. The rest of the mix then stands for it
    in proportion: the figure is the mix's own cost per outcome, times how the team compares with
    all teams on the classes it does. With a full overlap this is direct standardisation.
    """
    whole = sum((common.outcomes for common in mix.values()), NOTHING)
    shared = [key for key in mix if key in strata and strata[key].outcomes > 0]
    overlap = sum((mix[key].outcomes for key in shared), NOTHING) / whole if whole else NOTHING
    all_teams = sum((mix[key].cost for key in shared), NOTHING)
    if overlap < LEAST_OVERLAP or all_teams <= 0:
        return Standardised(None, overlap)
    mine = sum((mix[key].outcomes * strata[key].unit_cost for key in shared), NOTHING)
    of_mix = sum((common.cost for common in mix.values()), NOTHING) / whole
    return Standardised(of_mix * mine / all_teams, overlap)
