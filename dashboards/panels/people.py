"""How is it spread over people? A shape without names, and only where the policy allows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards import words
from dashboards.figures.whisker import strip_scale, units
from dashboards.panel import Asked, Panel
from finops.attribution.queries import unit_costs
from finops.attribution.queries.shapes import UnitCostRow

PEOPLE_MIN = 5
OFF = (
    "Not shown: person level is off. An administrator can allow a distribution for teams of five or more; it shows "
    "a shape, never names and never a ranking."
)


@dataclass(frozen=True)
class Spread:
    """Quartiles of what people spent, in nanos, and how many they are."""

    people: int
    low: int
    middle: int
    high: int


def ask(asked: Asked) -> Spread | None:
    """None while person level is off or the team is too small."""
    if not asked.organisation.person_level:
        return None
    report = unit_costs.unit_cost(asked.seen(), by="person", now=asked.now)
    return spread(report.rows)


def spread(rows: Sequence[UnitCostRow]) -> Spread | None:
    """The middle half. Groups that were merged for being small count as what they are: no person."""
    amounts = sorted(row.spend for row in rows if row.key and not row.key.startswith("other"))
    if len(amounts) < PEOPLE_MIN:
        return None
    at = [amounts[round(q * (len(amounts) - 1))] for q in (0.25, 0.5, 0.75)]
    return Spread(len(amounts), at[0], at[1], at[2])


def show(found: Spread | None, asked: Asked) -> dict[str, Any]:
    if not asked.organisation.person_level:
        return {"answer": OFF}
    if found is None:
        return {"answer": "Not shown: fewer than five people spent anything in this period."}
    scale = strip_scale(found.low, found.middle, found.high, 0)
    low, high = (words.money(n, asked.currency) for n in (found.low, found.high))
    middle = words.money(found.middle, asked.currency)
    picture = None
    if scale:
        at = [scale.at(units(n)) for n in (found.middle, found.low, found.high)]
        picture = {
            "dot": at[0],
            "low": at[1],
            "high": at[2],
            "grid": [],
            "baseline": True,
            "words": f"Median {middle}, middle half {low} to {high}",
        }
    return {
        "answer": f"Half of the {found.people} people spent between {low} and {high}; the median is {middle}.",
        "whisker": picture,
        "how": (
            "Spend per person in the period: median and quartiles. People are not named and not ranked.",
        ),
        "links": [],
    }


PANEL = Panel("people", "How is it spread over people?", "panels/people.html", ask, show)
