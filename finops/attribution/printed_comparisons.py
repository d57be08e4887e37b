"""Comparisons of teams, of times and of parts of the work, as JSON and as words."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from finops.outcomes.kinds import KINDS

from .like_for_like import Stratum
from .present import unit_amount
from .printed import number, share
from .queries.before_after import BeforeAfter, MonthPair
from .queries.kind_costs import FEWEST_OUTCOMES
from .queries.like_for_like import KindMix, TeamMix
from .queries.review_times import Span
from .queries.shapes import KindCost

NO_SIZE = "unknown"
WHY_NOT = {
    "few_outcomes": "under ten outcomes",
    "few_people": "under five people",
    "little_overlap": "under 80 % of the common mix is done here",
    "no_months": "no whole month on one side of the change",
    "no_outcomes": "a month without an outcome in one of the groups",
    "few_periods_before": "under three months before",
    "not_parallel": "the gap was moving already before",
    "too_early": "under twelve weeks since the change",
}


def mixes(found: Sequence[KindMix], currency: str) -> dict[str, Any]:
    """Return the kinds with their teams' unit costs, as they are and at the common mix of sizes."""
    return {"currency": currency, "kinds": [mix_json(of) for of in found]}


def mix_json(of: KindMix) -> dict[str, Any]:
    return {
        "kind": of.kind,
        "sizes": {
            size or NO_SIZE: {
                "outcomes": number(stratum.outcomes),
                "direct": unit_amount(stratum.unit_cost),
            }
            for size, stratum in of.mix.items()
        },
        "direct": unit_amount(whole(of.mix).unit_cost),
        "teams": [
            {
                "team": row.team.slug,
                "outcomes": {size or NO_SIZE: number(n) for size, n in row.outcomes.items()},
                "direct": unit_amount(row.direct),
                "at_common_mix": unit_amount(row.alike),
                "share_of_mix": share(row.overlap),
                "why_not": row.why_not,
            }
            for row in of.teams
        ],
    }


def whole(mix: Mapping[str, Stratum]) -> Stratum:
    return Stratum(
        sum((stratum.cost for stratum in mix.values()), Decimal(0)),
        sum((stratum.outcomes for stratum in mix.values()), Decimal(0)),
    )


def mix_lines(found: Sequence[KindMix], currency: str) -> list[str]:
    if not found:
        return ["No kind of work of this period comes in several known sizes."]
    lines = []
    for of in found:
        each = unit_amount(whole(of.mix).unit_cost)
        lines.append(f"{KINDS[of.kind].outcomes.capitalize()}: {each} {currency} in all teams")
        lines += [f"  {team_words(row, currency)}" for row in of.teams]
    return lines


def team_words(row: TeamMix, currency: str) -> str:
    figures = (
        f"{unit_amount(row.direct)} {currency} each" if row.direct is not None else "not shown"
    )
    alike = f", {unit_amount(row.alike)} at the common mix" if row.alike is not None else ""
    why = f" ({WHY_NOT[row.why_not]})" if row.why_not else ""
    return f"{row.team.slug}: {number(row.number)}, {figures}{alike}{why}"


def times(found: Sequence[Span]) -> dict[str, Any]:
    """Return the parts; under ten pull requests without figures."""
    return {
        "parts": [
            {
                "part": span.part,
                "pull_requests": span.items,
                "median_minutes": span.median if span.items >= FEWEST_OUTCOMES else None,
                "p90_minutes": span.p90 if span.items >= FEWEST_OUTCOMES else None,
            }
            for span in found
        ]
    }


def time_lines(found: Sequence[Span]) -> list[str]:
    if not found:
        return ["The times of no merged pull request of this period are known."]
    return [
        f"{span.part}: half took {span.median} min or less, one in ten more than {span.p90} min"
        f" ({span.items} pull requests)"
        if span.items >= FEWEST_OUTCOMES
        else f"{span.part}: not said, under ten pull requests"
        for span in found
    ]


def change(found: BeforeAfter, currency: str) -> dict[str, Any]:
    """Return both groups month by month, and the difference in differences."""
    return {
        "currency": currency,
        "kind": found.kind,
        "months": [month_json(pair) for pair in found.months],
        "difference": unit_amount(found.difference),
        "interval": {"low": unit_amount(found.low), "high": unit_amount(found.high)},
        "why_not": found.why_not,
    }


def month_json(pair: MonthPair) -> dict[str, Any]:
    return {
        "month": f"{pair.month:%Y-%m}",
        "side": "after" if pair.is_after else "before",
        "treated": group_json(pair.treated),
        "control": group_json(pair.control),
        "gap": unit_amount(pair.gap),
    }


def group_json(cost: KindCost | None) -> dict[str, Any]:
    return {
        "outcomes": number(cost.outcomes) if cost else 0,
        "direct": unit_amount(cost.direct) if cost else None,
    }


def change_lines(found: BeforeAfter, currency: str) -> list[str]:
    lines = [month_words(pair) for pair in found.months]
    if found.difference is None:
        return [*lines, f"Nothing can be said: {WHY_NOT[found.why_not]}."]
    bounds = (
        f" ({unit_amount(found.low)} to {unit_amount(found.high)}, 95 %)"
        if found.low is not None
        else " (too few months for an interval)"
    )
    lines.append(
        f"The change is associated with {unit_amount(found.difference)} {currency} per"
        f" {KINDS[found.kind].outcome}{bounds}."
    )
    return [*lines, f"No verdict: {WHY_NOT[found.why_not]}."] if found.why_not else lines


def month_words(pair: MonthPair) -> str:
    here, there = group_json(pair.treated), group_json(pair.control)
    side = "after " if pair.is_after else "before"
    return (
        f"{pair.month:%Y-%m} {side}  {here['direct'] or 'none'} ({here['outcomes']})"
        f" against {there['direct'] or 'none'} ({there['outcomes']})"
    )
