"""Follow a whole list of rules, as somebody keeps it in a file: new, changed, reordered, withdrawn.

A rule of the list and a rule that is followed are the same where they have the same name (the
second of a name is the second of it there). What says the same as before gets no new version, so
that following a list twice changes nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from finops.attribution.actions.rules import keep, locked, supersede
from finops.attribution.actions.soon import settle_soon
from finops.attribution.models import AllocationRule, RuleShare
from finops.attribution.rule_checks import check_draft, check_order
from finops.attribution.rule_drafts import RuleDraft, drafted
from finops.attribution.rules import BadRuleError
from finops.people.models import User

WEIGHTED = (AllocationRule.Method.FIXED, AllocationRule.Method.RECIPROCAL)


@dataclass
class RuleSet:
    """All rules of a list in their order, and what following it would do to those followed now.

    Rules that are new or changed have no row yet: their ids are below zero. By number, `shares`
    has the shares of those, and `old` the versions that the changed ones supersede.
    """

    rules: list[AllocationRule] = field(default_factory=list)
    shares: dict[int, list[RuleShare]] = field(default_factory=dict)
    old: dict[int, AllocationRule] = field(default_factory=dict)
    moved: list[AllocationRule] = field(default_factory=list)
    withdrawn: list[AllocationRule] = field(default_factory=list)

    @property
    def added(self) -> list[AllocationRule]:
        return [
            rule
            for rule in self.rules
            if rule.number in self.shares and rule.number not in self.old
        ]

    @property
    def changed(self) -> list[AllocationRule]:
        return [rule for rule in self.rules if rule.number in self.old]

    @property
    def is_news(self) -> bool:
        return bool(self.shares or self.moved or self.withdrawn)


def rule_set(drafts: Sequence[RuleDraft], followed: Sequence[AllocationRule]) -> RuleSet:
    """Return what following these drafts alone would mean. Keeps nothing. Raises BadRuleError."""
    left: dict[str, list[AllocationRule]] = defaultdict(list)
    for rule in followed:
        left[rule.name].append(rule)
    newest = AllocationRule.objects.aggregate(newest=Max("number"))["newest"] or 0
    found = RuleSet()
    for place, draft in enumerate(drafts, start=1):
        check_named(draft, place)
        same_name = left[draft.name.strip()]
        old = same_name.pop(0) if same_name else None
        newest += old is None
        number, version = (old.number, old.version + 1) if old else (newest, 1)
        rule, shares = drafted(draft, number=number, version=version, position=place)
        if old and meaning(rule) == meaning(old):
            found.rules.append(old)
            continue
        rule.pk = -place
        found.rules.append(rule)
        found.shares[number] = shares
        if old:
            found.old[number] = old
    found.withdrawn = [rule for rules in left.values() for rule in rules]
    check_order(found.rules)
    found.moved = moved(found, followed)
    return found


def check_named(draft: RuleDraft, place: int) -> None:
    """Refuse a draft, and say which it was."""
    try:
        check_draft(draft)
    except BadRuleError as error:
        raise BadRuleError(f"Rule {place}, “{draft.name}”: {error}") from None


def meaning(rule: AllocationRule) -> tuple[Any, ...]:
    """Return all that a rule says, for comparison. Weights count where the method asks for them."""
    is_weighted = rule.method in WEIGHTED
    shares = {
        (s.service_id, s.team_id, Decimal(s.weight) if is_weighted else None)
        for s in rule.shares.all()
    }
    return (
        rule.name,
        rule.method,
        rule.conditions,
        rule.valid_from,
        rule.valid_to,
        rule.note,
        shares,
    )


def moved(found: RuleSet, followed: Sequence[AllocationRule]) -> list[AllocationRule]:
    """Return the rules that stand behind another one than before, of those that stay."""
    numbers = {rule.number for rule in followed}
    now = [rule.number for rule in found.rules if rule.number in numbers]
    staying = [rule for rule in followed if rule.number in now]
    return [rule for rule, number in zip(staying, now, strict=True) if rule.number != number]


@transaction.atomic
def follow_rules(
    drafts: Sequence[RuleDraft], *, may_withdraw: bool, by: User | None, now: datetime
) -> RuleSet:
    """Follow these rules and no others, in this order. Raises BadRuleError.

    Unless `may_withdraw`, a list that leaves out a rule that is followed is refused.
    """
    found = rule_set(drafts, locked())
    if found.withdrawn and not may_withdraw:
        names = ", ".join(f"“{rule.name}”" for rule in found.withdrawn)
        raise BadRuleError(f"Rules that are followed now are left out: {names}.")
    for rule in (*found.old.values(), *found.withdrawn):
        supersede(rule, by, now)
    for place, rule in enumerate(found.rules, start=1):
        if rule.number in found.shares:
            keep(rule, found.shares[rule.number], by)
        elif rule.position != place:
            rule.position = place
            rule.save(update_fields=["position"])
    if found.moved or found.withdrawn:
        settle_soon("rules", [rule.number for rule in (*found.moved, *found.withdrawn)])
    return found
