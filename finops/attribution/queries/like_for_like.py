"""Is the difference between teams only the mix of work? Unit costs at the company's own mix."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from finops.attribution.like_for_like import Standardised, Stratum, common_mix, standardised
from finops.outcomes.sizes import LIMITS, NAMES

from .books import scope_params
from .by_person import FEWEST_PEOPLE
from .kind_costs import FEWEST_OUTCOMES, credits_of
from .organisation import team_refs
from .shapes import Scope, TeamRef
from .sql_files import fetch

# The classes in order; the last stands for work without a known size.
SIZES = (*NAMES, "")
Strata = dict[str, Stratum]


@dataclass(frozen=True)
class TeamMix:
    """One team's unit cost of a kind, raw and at the company's mix of sizes, in nanos.

    None = unknown: few_outcomes, few_people, little_overlap (`why_not`). `outcomes` by size are
    credits and sum to the team's; `overlap` is the share of the company's mix the team does.
    """

    team: TeamRef
    outcomes: Mapping[str, Decimal]
    direct: Decimal | None
    alike: Decimal | None
    overlap: Decimal
    why_not: str = ""

    @property
    def number(self) -> Decimal:
        return sum(self.outcomes.values(), Decimal(0))


@dataclass(frozen=True)
class KindMix:
    """A kind of work: the company's mix and unit costs by size, and its teams, dearest first."""

    kind: str
    mix: Mapping[str, Stratum]
    teams: list[TeamMix]

    @property
    def sizes(self) -> list[str]:
        return [size for size in SIZES if size in self.mix]


def like_for_like(scope: Scope) -> list[KindMix]:
    """Return the kinds whose work has more than one size, with every team's costs at one mix.

    The mix is always the company's; a scope of some teams only narrows which are returned. Teams
    under five people or ten outcomes are named without figures.
    """
    kinds: dict[str, dict[int | None, Strata]] = defaultdict(lambda: defaultdict(dict))
    people: dict[int | None, int] = {}
    params = scope_params(scope) | {"limits": list(LIMITS)}
    for kind, team, bucket, ppm, nanos, members in fetch("like_for_like", **params):
        size = "" if bucket is None else NAMES[bucket]
        kinds[kind][team][size] = Stratum(Decimal(nanos), credits_of(ppm))
        people[team] = members
    refs = team_refs()
    found = []
    for kind, teams in kinds.items():
        mix = common_mix(teams.values())
        if len(mix) < 2:
            continue
        rows = [
            team_mix(refs[team], strata, mix, people[team])
            for team, strata in teams.items()
            if team is not None and (scope.teams is None or team in scope.teams)
        ]
        rows = [row for row in rows if row.number]
        rows.sort(key=lambda row: (row.direct is None, -(row.direct or 0), row.team.slug))
        found.append(KindMix(kind, mix, rows))
    return sorted(found, key=lambda each: (-sum(s.cost for s in each.mix.values()), each.kind))


def team_mix(team: TeamRef, strata: Strata, mix: Mapping[str, Stratum], people: int) -> TeamMix:
    """Return a team's figures, or why they are not shown."""
    outcomes = {size: stratum.outcomes for size, stratum in strata.items() if stratum.outcomes}
    number = sum(outcomes.values(), Decimal(0))
    alike = standardised(strata, mix)
    reason = why_not(number, people, alike)
    if reason in ("few_outcomes", "few_people"):
        return TeamMix(team, outcomes, None, None, alike.overlap, reason)
    cost = sum((stratum.cost for stratum in strata.values()), Decimal(0))
    return TeamMix(team, outcomes, cost / number, alike.unit_cost, alike.overlap, reason)


def why_not(number: Decimal, people: int, alike: Standardised) -> str:
    if number < FEWEST_OUTCOMES:
        return "few_outcomes"
    if people < FEWEST_PEOPLE:
        return "few_people"
    return "little_overlap" if alike.unit_cost is None else ""
