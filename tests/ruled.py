"""Allocation rules for tests, worded in a line each."""

from decimal import Decimal
from typing import Any

from finops.attribution.actions.rules import add_rule
from finops.attribution.models import AllocationRule
from finops.attribution.rule_drafts import RuleDraft, ShareDraft
from tests import facts


def when(field: str, *values: str, op: str = "is") -> dict[str, Any]:
    return {"field": field, "op": op, "values": list(values)}


def to(*slugs: str, **weights: float) -> tuple[ShareDraft, ...]:
    """Teams with a weight of one, or with their own."""
    return tuple(
        ShareDraft(facts.team(slug), Decimal(str(weight)))
        for slug, weight in [*((slug, 1) for slug in slugs), *weights.items()]
    )


def passed_on(**uses: dict[str, float]) -> tuple[ShareDraft, ...]:
    """Reciprocal shares: service -> its users and their weights."""
    return tuple(
        ShareDraft(facts.team(user), Decimal(str(weight)), facts.team(service))
        for service, users in uses.items()
        for user, weight in users.items()
    )


def draft(method: str, *conditions: dict[str, Any], **more: Any) -> RuleDraft:
    return RuleDraft(**{"name": f"By {method}", "method": method, "conditions": conditions} | more)


def rule(method: str, *conditions: dict[str, Any], **more: Any) -> AllocationRule:
    return add_rule(draft(method, *conditions, **more), by=None)
