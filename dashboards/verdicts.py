"""What may be said about a unit cost, and in which words. Pure."""

from decimal import Decimal

from dashboards import words
from finops.attribution.queries.shapes import KindCost, UnitCostRow

WHY_NOT = {
    "few_outcomes": "under ten outcomes, so no verdict",
    "no_outcomes": "no outcome in the period",
    "little_tied": "too little of the money is tied to work, so no verdict",
    "too_few_for_interval": "too few outcomes for an interval",
}


def why_not(cost: KindCost) -> str:
    return WHY_NOT.get(cost.why_not, "no verdict")


def main_kind(row: UnitCostRow) -> str:
    """The kind of outcome that took most of the direct cost; empty when there is none."""
    kinds = [(cost.direct_nanos, slug) for slug, cost in row.kinds.items() if cost.outcomes]
    return max(kinds)[1] if kinds else ""


def kinds_by_cost(row: UnitCostRow) -> list[str]:
    """The kinds that have outcomes, the dearest first."""
    found = [slug for slug, cost in row.kinds.items() if cost.outcomes]
    return sorted(found, key=lambda slug: (-row.kinds[slug].direct_nanos, slug))


def tied(row: UnitCostRow) -> int:
    return row.tiers.get("A", 0) + row.tiers.get("B", 0)


def tied_share(row: UnitCostRow) -> Decimal | None:
    return words.share_of(tied(row), row.spend)


def finished(row: UnitCostRow) -> int:
    """Money in work that came to an end: it stands, was redone, reverted or dropped."""
    return row.ended


def lost(row: UnitCostRow) -> int:
    """Hidden cost: reverted, rework and abandoned."""
    return row.hidden


def hidden_share(row: UnitCostRow) -> Decimal | None:
    return row.hidden_share


def durable_rate(cost: KindCost) -> Decimal | None:
    """Still standing, of the outcomes old enough to judge; unknown under ten of them."""
    return cost.durable / cost.matured if cost.matured >= 10 else None


def durable_bounds(cost: KindCost) -> str:
    """67 to 97 %: between which the durable rate lies at 95 %; empty where nothing matured."""
    if cost.durable_low is None or cost.durable_high is None:
        return ""
    return f"{100 * cost.durable_low:.0f} to {words.percent(cost.durable_high, 0)}"


def change(now: KindCost | None, before: KindCost | None) -> Decimal | None:
    """Growth of the direct unit cost; unknown unless both periods carry a verdict."""
    if now is None or before is None or not (now.has_verdict and before.has_verdict):
        return None
    if now.direct is None or not before.direct:
        return None
    return now.direct / before.direct - 1


def is_outside(now: KindCost, before: KindCost) -> bool:
    """Whether the unit cost before lies outside the interval of now."""
    if before.direct is None or now.low is None or now.high is None:
        return False
    return not now.low <= before.direct <= now.high
