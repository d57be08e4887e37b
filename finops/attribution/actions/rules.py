"""Make, change, withdraw and order allocation rules. What is changed is settled within seconds.

A rule is checked before it is kept: what it says must be possible, lead to teams, and not stand
behind a rule that leaves it nothing. Every refusal is a BadRuleError that says why in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from finops.attribution.actions.soon import settle_soon
from finops.attribution.models import AllocationRule, RuleShare
from finops.attribution.rule_checks import check_draft, check_order
from finops.attribution.rule_drafts import RuleDraft, drafted
from finops.attribution.rules import BadRuleError, current_rules
from finops.people.models import User

EARLIER, LATER = "earlier", "later"


@dataclass(frozen=True)
class Meant:
    """The version of a rule that somebody looked at when they decided to change it."""

    number: int
    version: int


@transaction.atomic
def add_rule(draft: RuleDraft, *, by: User | None) -> AllocationRule:
    """Keep a new rule, the last in order. Raises BadRuleError."""
    return keep(*_drafted(draft, locked(), None), by)


@transaction.atomic
def add_first_rule(draft: RuleDraft, *, by: User | None) -> AllocationRule:
    """Keep a new rule before all others. Raises BadRuleError."""
    rules = locked()
    rule, shares = _drafted(draft, [], None)
    rule.position = min((other.position for other in rules), default=1) - 1
    check_order([rule, *rules])
    return keep(rule, shares, by)


@transaction.atomic
def change_rule(
    meant: Meant, draft: RuleDraft, *, by: User | None, now: datetime
) -> AllocationRule:
    """Supersede a rule by its next version, in the same place. Raises BadRuleError."""
    rules = locked()
    old = _meant(rules, meant)
    rule, shares = _drafted(draft, rules, old)
    supersede(old, by, now)
    return keep(rule, shares, by)


@transaction.atomic
def withdraw_rule(meant: Meant, *, by: User | None, now: datetime) -> AllocationRule:
    """Follow a rule no more; its versions stay readable. Raises BadRuleError."""
    rule = _meant(locked(), meant)
    supersede(rule, by, now)
    settle_soon("rules", [rule.number])
    return rule


@transaction.atomic
def move_rule(number: int, direction: str) -> AllocationRule:
    """Let a rule change places with the one before ("earlier") or behind it ("later").

    Its place is not part of what a rule says, so this makes no version. Raises BadRuleError.
    """
    rules = locked()
    ordered = moved(rules, number, direction)
    check_order(ordered)
    for place, rule in enumerate(ordered, start=1):
        if rule.position != place:
            rule.position = place
            rule.save(update_fields=["position"])
    settle_soon("rules", [number])
    return next(rule for rule in ordered if rule.number == number)


def moved(rules: Sequence[AllocationRule], number: int, direction: str) -> list[AllocationRule]:
    """Return the rules with one of them a place earlier or later."""
    ordered = list(rules)
    at = next((i for i, rule in enumerate(ordered) if rule.number == number), None)
    if at is None:
        raise BadRuleError(f"Rule {number} is not followed any more.")
    to = at - 1 if direction == EARLIER else at + 1
    if not 0 <= to < len(ordered):
        raise BadRuleError(f"Rule {number} already stands {'first' if to < 0 else 'last'}.")
    ordered[at], ordered[to] = ordered[to], ordered[at]
    return ordered


def rules_with(draft: RuleDraft, number: int | None = None) -> list[AllocationRule]:
    """Return the rules as they would be with a draft, new or in place of a rule. Nothing is kept.

    Raises BadRuleError.
    """
    rules = current_rules()
    old = next((rule for rule in rules if rule.number == number), None)
    rule, _ = _drafted(draft, rules, old)
    return in_place(rules, rule, old)


def rules_without(number: int) -> list[AllocationRule]:
    """Return the rules as they would be without one of them."""
    return [rule for rule in current_rules() if rule.number != number]


def in_place(
    rules: Sequence[AllocationRule], rule: AllocationRule, old: AllocationRule | None
) -> list[AllocationRule]:
    return [*rules, rule] if old is None else [rule if r is old else r for r in rules]


def _drafted(
    draft: RuleDraft, rules: Sequence[AllocationRule], old: AllocationRule | None
) -> tuple[AllocationRule, list[RuleShare]]:
    """Return the checked rule that a draft makes of itself, or of an older version."""
    check_draft(draft)
    if old is None:
        newest = AllocationRule.objects.aggregate(newest=Max("number"))["newest"] or 0
        last = max((rule.position for rule in rules), default=0)
        rule, shares = drafted(draft, number=newest + 1, version=1, position=last + 1)
    else:
        rule, shares = drafted(
            draft, number=old.number, version=old.version + 1, position=old.position
        )
    check_order(in_place(rules, rule, old))
    return rule, shares


def locked() -> list[AllocationRule]:
    """Return the rules that are followed; nobody else changes them until the transaction ends."""
    list(
        AllocationRule.objects.select_for_update()
        .filter(superseded_at__isnull=True)
        .values_list("id")
    )
    return current_rules()


def _meant(rules: Sequence[AllocationRule], meant: Meant) -> AllocationRule:
    """Return the rule as it was seen; somebody else's change must not be lost unseen."""
    for rule in rules:
        if rule.number == meant.number:
            if rule.version != meant.version:
                raise BadRuleError(
                    f"Somebody changed this rule meanwhile: it is version {rule.version} now."
                    " Look at it again."
                )
            return rule
    raise BadRuleError(f"Rule {meant.number} is not followed any more.")


def supersede(rule: AllocationRule, by: User | None, now: datetime) -> None:
    rule.superseded_at, rule.superseded_by = now, by
    rule.save(update_fields=["superseded_at", "superseded_by"])


def keep(rule: AllocationRule, shares: Sequence[RuleShare], by: User | None) -> AllocationRule:
    rule.pk, rule.created_by = None, by
    rule.save(force_insert=True)
    for share in shares:
        share.rule = rule
    RuleShare.objects.bulk_create(shares)
    settle_soon("rules", [rule.number])
    return rule
