"""A rule in words: what it matches, where it sends the money, and when it holds."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from dashboards import words
from finops.attribution.models import AllocationRule, RuleShare
from finops.attribution.rule_checks import named, plain
from finops.attribution.rule_drafts import is_percent
from finops.attribution.rules import OPERATORS, WITHOUT_VALUES

Method = AllocationRule.Method
VALUES_SHOWN = 4


def matches(rule: AllocationRule) -> str:
    """API key is any of k-gate; Project starts with lab."""
    if not rule.conditions:
        services = sorted({s.service.name for s in rule.shares.all() if s.service})
        return f"Money of {words.listed(services)}" if services else "Everything"
    return ", and ".join(condition(c) for c in rule.conditions)


def condition(told: Mapping[str, Any]) -> str:
    op, values = str(told["op"]), [str(value) for value in told.get("values", ())]
    asked = f"{named(str(told['field']))} {OPERATORS.get(op, op)}"
    if op in WITHOUT_VALUES:
        return asked
    if op in ("is", "is_not") and len(values) == 1:
        asked = f"{named(str(told['field']))} {'is' if op == 'is' else 'is not'}"
    more = len(values) - VALUES_SHOWN
    shown = [*values[:VALUES_SHOWN], *([f"{more} more"] if more > 0 else [])]
    return f"{asked} {or_list(shown)}"


def or_list(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def sends(rule: AllocationRule) -> str:
    """To Data; Core 62.5 % and Data 37.5 %; all teams in proportion to usage."""
    shares = list(rule.shares.all())
    teams = [share.team.name for share in shares]
    if rule.method == Method.TEAM:
        return f"To {words.listed(teams)}" if teams else "To nobody"
    if rule.method == Method.EVEN:
        return f"Evenly to {words.listed(teams)}"
    if rule.method == Method.FIXED:
        return words.listed(weighted(shares))
    if rule.method == Method.RECIPROCAL:
        ordered = sorted(shares, key=service_name)
        return "; ".join(
            f"{name} to {words.listed(weighted(list(own)))}"
            for name, own in groupby(ordered, key=service_name)
        )
    among = words.listed(teams) if teams else "all teams"
    base = "usage" if rule.method == Method.USAGE else "direct cost"
    return f"To {among}, in proportion to {base}"


def service_name(share: RuleShare) -> str:
    return share.service.name if share.service else ""


def weighted(shares: Iterable[RuleShare]) -> list[str]:
    """Core 62.5 % where the weights are per cent, else Core 2 parts."""
    given = list(shares)
    in_percent = is_percent(given)
    return [
        f"{share.team.name} {plain(share.weight)}{words.NBSP}%"
        if in_percent
        else f"{share.team.name} {words.plural(share.weight, 'part')}"
        for share in given
    ]


def holds_when(rule: AllocationRule) -> str:
    """Always; from 1 Oct 2026; 1 Oct 2026 to 31 Oct 2026."""
    last = last_day(rule.valid_to)
    if rule.valid_from and last:
        return f"{words.day(rule.valid_from, year=True)} to {words.day(last, year=True)}"
    if rule.valid_from:
        return f"From {words.day(rule.valid_from, year=True)}"
    return f"Until {words.day(last, year=True)}" if last else "Always"


def last_day(valid_to: date | None) -> date | None:
    return valid_to - timedelta(days=1) if valid_to else None
