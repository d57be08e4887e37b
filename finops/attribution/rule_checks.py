"""What an allocation rule may not say. Every refusal is a BadRuleError that says why in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from finops.attribution.models import AllocationRule
from finops.attribution.rule_drafts import HUNDRED, RuleDraft, ShareDraft, drafted, tidied
from finops.attribution.rules import (
    FIELDS,
    OPERATORS,
    TAG,
    WITHOUT_VALUES,
    BadRuleError,
    holds,
    parts_of,
)

Method = AllocationRule.Method
NAME_MAX, VALUES_MAX = 120, 500
WEIGHT_MAX = Decimal(99999999)
Condition = Mapping[str, Any]


def check_draft(draft: RuleDraft) -> None:
    """Refuse a draft that is incomplete, contradicts itself, or leads the money nowhere."""
    if not draft.name.strip():
        raise BadRuleError("Give the rule a name: it is how bill lines will say what moved them.")
    if len(draft.name.strip()) > NAME_MAX:
        raise BadRuleError(f"A name may have {NAME_MAX} characters at most.")
    if draft.valid_from and draft.valid_to and draft.valid_to <= draft.valid_from:
        raise BadRuleError("The last day stands before the first.")
    check_conditions(draft)
    check_shares(draft)
    rule, _ = drafted(draft, number=1, version=1, position=1)
    parts_of(rule)  # solves reciprocal shares: circles that nobody leaves are refused


def check_conditions(draft: RuleDraft) -> None:
    conditions = [tidied(condition) for condition in draft.conditions]
    if not conditions and not draft.matches_everything and draft.method != Method.RECIPROCAL:
        raise BadRuleError(
            "Without a condition this rule moves all money that no rule before it moves."
            " Add one, or say that everything is meant."
        )
    for condition in conditions:
        check_condition(condition)
    if words := contradiction(conditions):
        raise BadRuleError(words)


def check_condition(condition: Condition) -> None:
    """Refuse an unknown field or operator, and values that are missing or too many."""
    field, values = str(condition["field"]), condition["values"]
    if not field:
        raise BadRuleError("Choose what the condition asks about.")
    if condition["op"] in OPERATORS and condition["op"] not in WITHOUT_VALUES and not values:
        raise BadRuleError(f"{named(field)}: say what it {OPERATORS[condition['op']]}.")
    if condition["op"] in WITHOUT_VALUES and values:
        raise BadRuleError(f"{named(field)}: “{OPERATORS[condition['op']]}” takes no values.")
    if len(values) > VALUES_MAX:
        raise BadRuleError(f"{named(field)}: {VALUES_MAX} values at most.")
    holds(condition)


def named(field: str) -> str:
    """Return what a field is called on the screen."""
    if field.startswith(TAG):
        return f"Tag {field.removeprefix(TAG)}"
    return FIELDS[field][0] if field in FIELDS else field


def contradiction(conditions: Sequence[Condition]) -> str:
    """Return why these conditions can never hold together; empty when they can."""
    for field in dict.fromkeys(str(c["field"]) for c in conditions):
        about = [c for c in conditions if c["field"] == field]
        wants_word = {c["op"] for c in about} & {"is", "is_set", "starts_with", "contains"}
        if wants_word and any(c["op"] == "is_empty" for c in about):
            return f"{named(field)} cannot be empty and have a value at once."
        if impossible(about):
            return f"{named(field)}: no value meets all of its conditions."
    return ""


def impossible(about: Sequence[Condition]) -> bool:
    """Whether no value is among those that `is` allows and the other conditions leave."""
    allowed = [lower(c) for c in about if c["op"] == "is"]
    if not allowed:
        return False
    left = set.intersection(*allowed)
    for c in about:
        values = lower(c)
        if c["op"] == "is_not":
            left -= values
        elif c["op"] == "starts_with":
            left = {word for word in left if word.startswith(tuple(values))}
        elif c["op"] == "contains":
            left = {word for word in left if any(value in word for value in values)}
    return not left


def lower(condition: Condition) -> set[str]:
    return {str(value).strip().lower() for value in condition.get("values", ())}


def check_shares(draft: RuleDraft) -> None:
    """Refuse targets that the method cannot follow."""
    shares = draft.shares
    if any(share.weight < 0 for share in shares):
        raise BadRuleError("A share cannot be negative.")
    if draft.method == Method.RECIPROCAL:
        check_services(draft)
        return
    if draft.method not in Method.values:
        raise BadRuleError(f"There is no way to split called {draft.method!r}.")
    twice = [slug for slug, times in Counter(s.team.name for s in shares).items() if times > 1]
    if twice:
        raise BadRuleError(f"{twice[0]} stands twice among the teams.")
    if draft.method == Method.TEAM and len(shares) != 1:
        raise BadRuleError(
            "Choose the one team that pays." if not shares else "Choose only one team."
        )
    if draft.method in (Method.EVEN, Method.FIXED) and len(shares) < 2:
        raise BadRuleError("Choose at least two teams to split between.")
    if draft.method in (Method.USAGE, Method.DIRECT) and len(shares) == 1:
        raise BadRuleError(
            "One team alone gets all: choose “To one team”, more teams, or none for all."
        )
    if draft.method == Method.FIXED:
        check_sum(shares, in_percent=draft.in_percent)


def check_sum(shares: Sequence[ShareDraft], *, in_percent: bool, of: str = "") -> None:
    total = sum((share.weight for share in shares), Decimal(0))
    whose = f" of {of}" if of else ""
    if not total:
        raise BadRuleError(f"Give at least one share{whose} above zero.")
    if in_percent and total != HUNDRED:
        gap = abs(HUNDRED - total)
        words = "missing" if total < HUNDRED else "too much"
        raise BadRuleError(
            f"The shares{whose} sum to {plain(total)} %, not 100 %: {plain(gap)} % {words}."
        )


def check_services(draft: RuleDraft) -> None:
    """Refuse a matrix in which a service has no users, or a team stands twice."""
    services = {share.service for share in draft.shares if share.service}
    if not services or any(share.service is None for share in draft.shares):
        raise BadRuleError(
            "Choose the service teams whose money is passed on to those who use them."
        )
    for service in sorted(services, key=lambda team: team.slug):
        own = [share for share in draft.shares if share.service == service]
        if len({share.team for share in own}) != len(own):
            raise BadRuleError(f"A team stands twice among the users of {service.name}.")
        check_sum(own, in_percent=draft.in_percent, of=service.name)


def is_weight(number: Decimal) -> bool:
    """Whether a share can be kept: eight digits and four decimals at most."""
    return number.is_finite() and abs(number) <= WEIGHT_MAX and number == round(number, 4)


def plain(amount: Decimal) -> str:
    """Return a number without padding zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def check_order(ordered: Sequence[AllocationRule]) -> None:
    """Refuse an order in which a rule would never be reached, because one before it takes all."""
    for place, rule in enumerate(ordered):
        for before in ordered[:place]:
            if covers(before, rule):
                raise BadRuleError(
                    f"“{before.name}” stands before “{rule.name}” and matches everything that it"
                    " matches: it would never be followed."
                )


def covers(wide: AllocationRule, narrow: AllocationRule) -> bool:
    """Whether the first rule surely matches whatever the second does."""
    starts = wide.valid_from is None or (
        narrow.valid_from is not None and wide.valid_from <= narrow.valid_from
    )
    ends = wide.valid_to is None or (
        narrow.valid_to is not None and wide.valid_to >= narrow.valid_to
    )
    told = {key(condition) for condition in narrow.conditions}
    return (
        starts
        and ends
        and all(key(condition) in told for condition in wide.conditions)
        and has_services(wide, narrow)
    )


def key(condition: Condition) -> tuple[str, str, tuple[str, ...]]:
    return str(condition["field"]), str(condition["op"]), tuple(sorted(lower(condition)))


def has_services(wide: AllocationRule, narrow: AllocationRule) -> bool:
    """A reciprocal rule matches its services' money alone."""
    if wide.method != Method.RECIPROCAL:
        return True
    if narrow.method != Method.RECIPROCAL:
        return False
    mine, theirs = ({share.service_id for share in r.shares.all()} for r in (wide, narrow))
    return theirs <= mine
