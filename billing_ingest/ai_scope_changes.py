"""Adds, ends and orders the rules of the AI scope table. What is booked stays as it is."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from billing_ingest.ai_scope import shipped, words_of
from finops.ledger.models import AiScopeRule
from finops.people.models import User

LONGEST_PATTERN = 2000
EARLIER, LATER = "earlier", "later"


class BadRuleError(Exception):
    """The rule says nothing, or what it says cannot be: why, in words."""


@dataclass(frozen=True)
class Stated:
    """What somebody says of lines that three patterns fit."""

    provider: str
    service: str
    sku: str
    ai_class: str
    valid_from: date | None = None
    valid_to: date | None = None  # half-open
    note: str = ""

    def rule(self) -> AiScopeRule:
        """Return the rule, not kept. Raises BadRuleError."""
        patterns = (self.provider, self.service, self.sku)
        if not any(words_of(pattern) for pattern in patterns):
            raise BadRuleError("Say a provider, a service or a meter: else every line would fit.")
        if any(set(word) <= {"*"} for pattern in patterns for word in words_of(pattern)):
            raise BadRuleError("A word of stars alone fits everything; leave the field empty.")
        if max(map(len, patterns)) > LONGEST_PATTERN:
            raise BadRuleError(f"A pattern has at most {LONGEST_PATTERN} characters.")
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise BadRuleError("The rule ends before it begins.")
        return AiScopeRule(
            provider=self.provider, service=self.service, sku=self.sku, ai_class=self.ai_class,
            valid_from=self.valid_from, valid_to=self.valid_to, note=self.note,
            origin=AiScopeRule.Origin.ADMIN,
        )  # fmt: skip


@transaction.atomic
def add(stated: Stated, *, by: User | None) -> AiScopeRule:
    """Keep a rule before all others, where it decides. Raises BadRuleError."""
    rule = stated.rule()
    kept = kept_rules()
    rule.position = min((other.position for other in kept), default=1) - 1
    rule.created_by = by
    rule.save()
    return rule


@transaction.atomic
def end(rule_id: int, day: date) -> AiScopeRule:
    """Let a rule hold before this day only. Raises BadRuleError, AiScopeRule.DoesNotExist."""
    rule = AiScopeRule.objects.select_for_update(of=("self",)).get(pk=rule_id)
    if rule.valid_from and day < rule.valid_from:
        raise BadRuleError("The rule begins after that day.")
    rule.valid_to = day
    rule.save(update_fields=["valid_to"])
    return rule


@transaction.atomic
def move(rule_id: int, direction: str) -> None:
    """Let a rule change places with the one before ("earlier") or behind it ("later").

    Raises BadRuleError.
    """
    ordered = kept_rules()
    at = next((place for place, rule in enumerate(ordered) if rule.pk == rule_id), None)
    if at is None:
        raise BadRuleError("There is no such rule.")
    to = at - 1 if direction == EARLIER else at + 1
    if not 0 <= to < len(ordered):
        raise BadRuleError(f"The rule already stands {'first' if to < 0 else 'last'}.")
    ordered[at], ordered[to] = ordered[to], ordered[at]
    for place, rule in enumerate(ordered, start=1):
        rule.position = place
    AiScopeRule.objects.bulk_update(ordered, ["position"])


def kept_rules() -> list[AiScopeRule]:
    """Return the rules in order, locked; what is shipped is kept where there was no table."""
    found = list(AiScopeRule.objects.select_for_update(of=("self",)).order_by("position", "id"))
    return found or AiScopeRule.objects.bulk_create(shipped())
