"""A rule as somebody words it, before it is kept: what preview and actions alike start from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from finops.attribution.models import AllocationRule, RuleShare
from finops.people.models import Team

# Drafts have no row yet; numbers below zero tell them from rules that have one.
DRAFT_ID = -1
ONE = Decimal(1)
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class ShareDraft:
    """One target. `service` is set for reciprocal rules only."""

    team: Team
    weight: Decimal = ONE
    service: Team | None = None


@dataclass(frozen=True)
class RuleDraft:
    """What a rule would say.

    `matches_everything` must be set for a rule without conditions: said so, not forgotten.
    `in_percent` means the weights are per cent and have to sum to 100.
    """

    name: str
    method: str
    conditions: tuple[Mapping[str, Any], ...] = ()
    shares: tuple[ShareDraft, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    note: str = ""
    matches_everything: bool = False
    in_percent: bool = False


def drafted(
    draft: RuleDraft, *, number: int, version: int, position: int
) -> tuple[AllocationRule, list[RuleShare]]:
    """Return the rule and its shares as they would be kept; whether they may be is checked apart."""
    rule = AllocationRule(
        pk=DRAFT_ID,
        number=number,
        version=version,
        position=position,
        name=draft.name.strip(),
        method=draft.method,
        conditions=[tidied(condition) for condition in draft.conditions],
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
        note=draft.note.strip(),
    )
    shares = [
        RuleShare(rule=rule, service=s.service, team=s.team, weight=s.weight) for s in draft.shares
    ]
    remember_shares(rule, shares)
    return rule, shares


def tidied(condition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a condition in the form it is kept in: values once each, without blanks around."""
    values = [str(value).strip() for value in condition.get("values", ())]
    return {
        "field": str(condition.get("field", "")).strip(),
        "op": str(condition.get("op", "")),
        "values": [value for value in dict.fromkeys(values) if value],
    }


def all_percent(rule: AllocationRule) -> bool:
    """Whether the weights were meant as per cent; where there are none yet, they will be."""
    shares = list(rule.shares.all())
    groups = {s.service_id for s in shares}
    if rule.method not in (AllocationRule.Method.FIXED, AllocationRule.Method.RECIPROCAL):
        return True
    return all(is_percent(s for s in shares if s.service_id == group) for group in groups)


def is_percent(shares: Iterable[RuleShare]) -> bool:
    return sum((share.weight for share in shares), Decimal(0)) == HUNDRED


def remember_shares(rule: AllocationRule, shares: Sequence[RuleShare]) -> None:
    """Let `rule.shares.all()` answer without rows, as prefetching does."""
    found = RuleShare.objects.all()
    vars(found).update(_result_cache=list(shares), _prefetch_done=True)
    vars(rule).setdefault("_prefetched_objects_cache", {})["shares"] = found
