"""Allocation rules as SQL: which rule matches a cell, and in which parts it sends the money.

A rule is pure: what it says follows from the cell's own words, its day and the rule alone, but
for the two proportional methods, whose weights are the month's figures.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from finops.attribution.models import AllocationRule

# What a condition may ask about: our word -> the column of a cell (c), of its charge (charge)
# or of its usage row (used). Everything is compared as lower-case text.
FIELDS: Mapping[str, tuple[str, str]] = {
    "vendor": ("Vendor", "c.vendor"),
    "provider": ("Provider", "c.provider"),
    "source": ("Source", "(SELECT key FROM ledger_source WHERE id = c.source_id)"),
    "sub_account_id": ("Workspace or sub account", "c.sub_account_id"),
    "api_key": ("API key", "c.api_key"),
    "actor": ("Person or account", "c.actor"),
    "project": ("Project", "c.project"),
    "repo": ("Repository", "c.repo"),
    "branch": ("Branch", "c.branch"),
    "pr": ("Pull request", "c.pr"),
    "ticket": ("Ticket", "c.ticket"),
    "conversation": ("Conversation", "c.conversation"),
    "deal": ("Deal", "c.deal"),
    "model": ("Model", "c.model"),
    "meter": ("Meter", "c.meter"),
    "service_tier": ("Service tier", "c.service_tier"),
    "team": (
        "Team that would pay",
        "coalesce((SELECT slug FROM people_team WHERE id = c.own_team_id), '')",
    ),
    "team_tag": ("Team tag", "c.team_tag"),
    "billing_account_id": ("Billing account", "charge.billing_account_id"),
    "invoice_issuer_name": ("Invoice issuer", "charge.invoice_issuer_name"),
    "invoice_id": ("Invoice number", "charge.invoice_id"),
    "charge_category": ("Charge category", "charge.charge_category"),
    "charge_description": ("Charge description", "charge.charge_description"),
    "service_name": ("Service", "charge.service_name"),
    "sku_id": ("SKU", "charge.sku_id"),
    "resource_id": ("Resource", "charge.resource_id"),
    "region_id": ("Region", "charge.region_id"),
    # Of one reading of a bill: a restated bill has lines of its own.
    "bill_line": ("Bill line", "coalesce(c.charged_on || '-' || c.charge_id, '')"),
}
TAG = "tag:"
OPERATORS = {
    "is": "is any of",
    "is_not": "is none of",
    "starts_with": "starts with",
    "contains": "contains",
    "is_set": "is set",
    "is_empty": "is empty",
}
WITHOUT_VALUES = ("is_set", "is_empty")
PROPORTIONAL = ("usage", "direct")
# Joins that the columns above may need beside the cells, named c.
CHARGE = (
    "LEFT JOIN ledger_charge charge ON charge.charged_on = c.charged_on AND charge.id = c.charge_id"
)
USED = "LEFT JOIN ledger_usage used ON used.occurred_on = c.occurred_on AND used.id = c.usage_id"


class BadRuleError(ValueError):
    """A rule that cannot be followed; the message says why."""


@dataclass(frozen=True)
class Sql:
    """A piece of a statement and its parameters."""

    text: str
    params: Sequence[Any] = ()


@dataclass(frozen=True)
class Part:
    """One part of what a rule moves. own_team_id is the service whose money it is, else None."""

    rule_id: int
    own_team_id: int | None
    team_id: int
    slug: str
    weight: int


def matching(rules: Iterable[AllocationRule]) -> Sql:
    """Return the id of the first of the rules, in the order given, that matches a cell `c`.

    Needs the joins of `joins` beside `c`. NULL: none matches.
    """
    cases = [(rule, predicate(rule)) for rule in rules]
    if not cases:
        return Sql("NULL::bigint")
    text = " ".join(f"WHEN {sql.text} THEN {int(rule.pk)}" for rule, sql in cases)
    return Sql(f"CASE {text} END", [value for _, sql in cases for value in sql.params])


def joins(sql: Sql) -> str:
    """Return the joins beside `c` that a statement's columns need."""
    needed = {"charge.": CHARGE, "used.": USED}
    return "\n".join(join for name, join in needed.items() if name in sql.text)


def predicate(rule: AllocationRule) -> Sql:
    """Return whether a rule matches: its days, its conditions, and for reciprocal rules its services."""
    parts: list[Sql] = [Sql("true")]
    if rule.valid_from:
        parts.append(Sql("c.day >= %s", [rule.valid_from]))
    if rule.valid_to:
        parts.append(Sql("c.day < %s", [rule.valid_to]))
    parts += [holds(condition) for condition in rule.conditions]
    if rule.method == AllocationRule.Method.RECIPROCAL:
        services = sorted({share.service_id for share in rule.shares.all() if share.service_id})
        parts.append(Sql("c.own_team_id = ANY(%s)", [services]))
    return Sql(
        " AND ".join(f"({part.text})" for part in parts),
        [value for part in parts for value in part.params],
    )


def holds(condition: Mapping[str, Any]) -> Sql:
    """Return one condition as SQL. Raises BadRuleError for a field or operator that is unknown."""
    column = words_of(str(condition.get("field", "")))
    operator = condition.get("op")
    if operator not in OPERATORS:
        raise BadRuleError(f"there is no operator {operator!r}")
    if operator == "is_set":
        return Sql(f"{column.text} <> ''", column.params)
    if operator == "is_empty":
        return Sql(f"{column.text} = ''", column.params)
    values = [str(value).strip().lower() for value in condition.get("values", [])]
    if not any(values):
        raise BadRuleError(f"{condition.get('field')}: say what it {OPERATORS[operator]}")
    if operator in ("is", "is_not"):
        how = "= ANY(%s)" if operator == "is" else "<> ALL(%s)"
        return Sql(f"{column.text} {how}", [*column.params, values])
    pattern = "starts_with({0}, v)" if operator == "starts_with" else "position(v IN {0}) > 0"
    return Sql(
        f"EXISTS (SELECT FROM unnest(%s::text[]) v WHERE {pattern.format(column.text)})",
        [values, *column.params],
    )


def words_of(field: str) -> Sql:
    """Return the column a condition asks about, as lower-case text."""
    if field.startswith(TAG) and len(field) > len(TAG):
        name = field.removeprefix(TAG)
        return Sql("lower(coalesce(used.tags ->> %s, charge.tags ->> %s, ''))", [name, name])
    if field not in FIELDS:
        raise BadRuleError(f"there is nothing called {field!r} on a charge or usage row")
    return Sql(f"lower(coalesce({FIELDS[field][1]}, ''))")


def parts_of(rule: AllocationRule) -> list[Part]:
    """Return in which parts a rule sends what it matches; none for a proportional rule.

    Raises BadRuleError when the shares lead nowhere.
    """
    shares = list(rule.shares.all())
    if rule.method in PROPORTIONAL:
        return []
    if not shares:
        raise BadRuleError("say which team pays")
    if rule.method == AllocationRule.Method.RECIPROCAL:
        return reciprocal_parts(rule)
    even = rule.method != AllocationRule.Method.FIXED
    weights = [Fraction(1) if even else Fraction(share.weight) for share in shares]
    if any(weight < 0 for weight in weights) or not any(weights):
        raise BadRuleError("shares must not be negative, and not all of them zero")
    whole = whole_numbers(weights)
    return [
        Part(rule.pk, None, share.team_id, share.team.slug, weight)
        for share, weight in zip(shares, whole, strict=True)
        if weight
    ]


def reciprocal_parts(rule: AllocationRule) -> list[Part]:
    """Return where each service's dollar ends when services also serve one another.

    A dollar of a service moves on by its shares until it reaches a team that is no service:
    the shares of an absorbing chain, solved exactly. Equal to the simultaneous equations.
    """
    uses: dict[int, dict[int, Fraction]] = defaultdict(dict)
    slugs: dict[int, str] = {}
    for share in rule.shares.all():
        if share.service_id and share.weight > 0:
            uses[share.service_id][share.team_id] = Fraction(share.weight)
            slugs[share.team_id] = share.team.slug
    services = sorted(uses)
    ends = absorbed({s: normalised(uses[s]) for s in services})
    parts = []
    for service in services:
        teams = sorted(ends[service])
        weights = whole_numbers([ends[service][team] for team in teams])
        parts += [
            Part(rule.pk, service, team, slugs[team], weight)
            for team, weight in zip(teams, weights, strict=True)
            if weight
        ]
    return parts


def normalised(weights: Mapping[int, Fraction]) -> dict[int, Fraction]:
    total = sum(weights.values(), Fraction(0))
    return {key: weight / total for key, weight in weights.items()}


def absorbed(uses: Mapping[int, Mapping[int, Fraction]]) -> dict[int, dict[int, Fraction]]:
    """Return for each service the share of its dollar that ends at each other team.

    Eliminates one service after another. Raises BadRuleError when money only goes in circles.
    """
    found = {service: dict(shares) for service, shares in uses.items()}
    for service in uses:
        own = found[service]
        kept = own.pop(service, Fraction(0))
        if kept == 1 or not own:
            raise BadRuleError("the services only pay one another: somebody else must use them")
        own = {team: share / (1 - kept) for team, share in own.items()}
        found[service] = own
        for other, shares in found.items():
            if other != service and service in shares:
                passed = shares.pop(service)
                for team, share in own.items():
                    shares[team] = shares.get(team, Fraction(0)) + passed * share
    return found


def whole_numbers(weights: Sequence[Fraction]) -> list[int]:
    """Return the weights as whole numbers in the same proportion."""
    scale = lcm(*(weight.denominator for weight in weights)) if weights else 1
    return [int(weight * scale) for weight in weights]


def current_rules() -> list[AllocationRule]:
    """Return the rules that are followed, in their order, with their shares."""
    found = AllocationRule.objects.filter(superseded_at__isnull=True)
    return list(found.prefetch_related("shares__team").order_by("position", "number"))
