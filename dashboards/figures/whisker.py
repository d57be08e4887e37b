"""Dots and whiskers in per cent of their box, and the scale above them. Pure.

Coordinates only: amounts become floats here and are written elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dashboards import words
from dashboards.figures.ticks import ticks
from finops.attribution.queries.shapes import KindCost


@dataclass(frozen=True)
class Scale:
    """Amounts from low to high (currency units) over 0 to 100."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...] = ()

    def at(self, amount: float) -> float:
        return max(0.0, min(100.0, 100 * (amount - self.low) / (self.high - self.low)))

    @property
    def shown_ticks(self) -> list[dict[str, Any]]:
        return [{"at": self.at(amount), "text": text} for amount, text in self.ticks]

    @property
    def grid(self) -> list[float]:
        return [self.at(amount) for amount, _ in self.ticks]


def units(nanos: Any) -> float:
    return float(nanos) / 1e9


def table_scale(costs: Iterable[KindCost], currency: str) -> Scale:
    """One scale from zero for all rows of a table. A very long whisker is cut at its edge."""
    known = [cost for cost in costs if cost.direct is not None]
    dots = [units(cost.direct) for cost in known if cost.direct is not None]
    if not dots:
        return Scale(0, 1)
    reach = 2 * max(dots)
    tops = [min(units(cost.high), reach) for cost in known if cost.high is not None]
    marks = ticks(0, max([*dots, *tops]), 3)
    return Scale(0, marks[-1], tuple((m, words.short_money(m, currency)) for m in marks))


def strip_scale(*amounts: Any) -> Scale | None:
    """A scale that shows a few amounts with air on both sides."""
    known = [units(amount) for amount in amounts if amount is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    air = (high - low) * 0.45 or abs(high) * 0.2 or 1
    return Scale(low - air, high + air)


def whisker(
    cost: KindCost, scale: Scale, currency: str, *, reference: Any = None, in_table: bool = False
) -> dict[str, Any]:
    """What components/whisker.svg.html takes."""
    has_interval = cost.low is not None and cost.high is not None
    say = words.money(cost.direct or 0, currency)
    if has_interval:
        say += f", 95 % interval {interval(cost, currency)}"
    return {
        "kind": "whisker",
        "dot": scale.at(units(cost.direct)),
        "low": scale.at(units(cost.low)) if has_interval else None,
        "high": scale.at(units(cost.high)) if has_interval else None,
        "reference": scale.at(units(reference)) if reference is not None else None,
        "grid": scale.grid if in_table else [],
        "baseline": not in_table,
        "off": not cost.has_verdict,
        "words": say,
    }


def interval(cost: KindCost, currency: str) -> str:
    """$61.00 to $68.70."""
    if cost.low is None or cost.high is None:
        return ""
    return f"{words.money(cost.low, currency)} to {words.money(cost.high, currency)}"
