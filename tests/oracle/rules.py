"""Allocation rules a second time: which rule a piece follows, and how much of it each team pays."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

from finops.attribution.models import AllocationRule
from finops.ledger.models import Usage
from finops.money import split
from finops.people.models import Team

from .cells import Piece

PROPORTIONAL = ("usage", "direct")


class Share(NamedTuple):
    """A part of a piece after the rules: proportional ones wait for the month's figures."""

    piece: Piece
    team: int | None
    is_shared: bool
    rule: AllocationRule | None

    @property
    def waits(self) -> bool:
        return bool(self.rule and self.rule.method in PROPORTIONAL)


def followed() -> list[AllocationRule]:
    return list(
        AllocationRule.objects.filter(superseded_at=None)
        .order_by("position", "number")
        .prefetch_related("shares")
    )


def shares_of(
    piece: Piece, team: int | None, is_shared: bool, rules: list[AllocationRule]
) -> Iterable[Share]:
    rule = next((r for r in rules if matches(r, piece, team)), None)
    if rule is None:
        yield Share(piece, team, is_shared, None)
    elif rule.method in PROPORTIONAL:
        yield Share(piece, None, True, rule)
    else:
        named = dict(Team.objects.values_list("slug", "id"))
        weights = weights_of(rule, team)
        parts = split(
            piece.nanos, {slug: weights[key] for slug, key in named.items() if weights.get(key)}
        )
        for slug, nanos in parts.items():
            if nanos:
                still = is_shared and rule.method != "team"
                yield Share(piece._replace(nanos=nanos), named[slug], still, rule)


def matches(rule: AllocationRule, piece: Piece, team: int | None) -> bool:
    day = piece.at.date()
    if (rule.valid_from and day < rule.valid_from) or (rule.valid_to and day >= rule.valid_to):
        return False
    services = {share.service_id for share in rule.shares.all()}
    if rule.method == "reciprocal" and team not in services:
        return False
    return all(
        holds(condition, word(condition["field"], piece, team)) for condition in rule.conditions
    )


def word(field: str, piece: Piece, team: int | None) -> str:
    if field == "team":
        return Team.objects.get(id=team).slug if team else ""
    if field.startswith("tag:"):
        for fact in (piece.usage, piece.charge):
            if fact and fact.tags and field[4:] in fact.tags:
                return str(fact.tags[field[4:]]).lower()
        return ""
    if field in ("charge_category", "meter"):
        return str(getattr(piece.charge, field, "")).lower()
    return piece.said[field].lower()


def holds(condition: Mapping[str, Any], found: str) -> bool:
    values = [str(value).lower() for value in condition.get("values", [])]
    return {
        "is": lambda: found in values,
        "is_not": lambda: found not in values,
        "starts_with": lambda: any(found.startswith(value) for value in values),
        "contains": lambda: any(value in found for value in values),
        "is_set": lambda: found != "",
        "is_empty": lambda: found == "",
    }[condition["op"]]()


def weights_of(rule: AllocationRule, team: int | None) -> dict[int, int]:
    shares = list(rule.shares.all())
    if rule.method != "reciprocal":
        fixed = rule.method == "fixed"
        return whole({s.team_id: Fraction(s.weight) if fixed else Fraction(1) for s in shares})
    return whole(solved(shares)[team or 0])


def solved(shares: list[Any]) -> dict[int, dict[int, Fraction]]:
    """Where a dollar of each service ends, by the simultaneous equations, solved by elimination."""
    services = sorted({s.service_id for s in shares})
    users = sorted({s.team_id for s in shares} - set(services))
    rows = []
    for service in services:
        given = {s.team_id: Fraction(s.weight) for s in shares if s.service_id == service}
        total = sum(given.values())
        rows.append(
            [
                Fraction(service == other) - given.get(other, Fraction(0)) / total
                for other in services
            ]
            + [given.get(user, Fraction(0)) / total for user in users]
        )
    for i in range(len(rows)):
        pivot = rows[i][i]
        rows[i] = [value / pivot for value in rows[i]]
        for j in range(len(rows)):
            if j != i:
                factor = rows[j][i]
                rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i], strict=True)]
    n = len(services)
    return {s: dict(zip(users, rows[i][n:], strict=True)) for i, s in enumerate(services)}


def whole(weights: dict[int, Fraction]) -> dict[int, int]:
    scale = lcm(*(weight.denominator for weight in weights.values()))
    return {team: int(weight * scale) for team, weight in weights.items()}


def spread(
    waiting: list[Share],
    direct: Mapping[tuple[str, int], int],
    paid: Iterable[tuple[Piece, int | None]],
) -> Iterable[tuple[Piece, int | None, int]]:
    """Each waiting share by its month: (piece, team, nanos), team None where nobody has any."""
    tokens = tokens_by_team(paid)
    slugs = dict(Team.objects.values_list("id", "slug"))
    for share in waiting:
        month, rule = f"{share.piece.at:%Y-%m}", share.rule
        assert rule
        limit = {s.team_id for s in rule.shares.all()}
        if rule.method == "direct":
            found = {team: Fraction(n) for (m, team), n in direct.items() if m == month}
        else:
            found = of_source(tokens[month], share.piece, limit)
        weights = {t: w for t, w in found.items() if w > 0 and (not limit or t in limit)}
        if not weights:
            yield share.piece, None, share.piece.nanos
            continue
        rounded = {slugs[t]: w for t, w in weights.items()}
        scale = lcm(*(w.denominator for w in rounded.values()))
        parts = split(share.piece.nanos, {slug: int(w * scale) for slug, w in rounded.items()})
        for team in weights:
            if parts[slugs[team]]:
                yield share.piece, team, parts[slugs[team]]


def of_source(
    tokens: Mapping[tuple[int, int], Fraction], piece: Piece, limit: set[int]
) -> dict[int, Fraction]:
    """The tokens of the piece's own source where the rule's teams have any, else of all sources."""
    kept = {key: n for key, n in tokens.items() if not limit or key[1] in limit}
    own = {team: n for (source, team), n in kept.items() if source == piece.source}
    if own:
        return own
    everywhere: dict[int, Fraction] = defaultdict(Fraction)
    for (_, team), n in kept.items():
        everywhere[team] += n
    return everywhere


def tokens_by_team(
    paid: Iterable[tuple[Piece, int | None]],
) -> dict[str, dict[tuple[int, int], Fraction]]:
    teams: dict[tuple[str, Usage], set[tuple[int, int]]] = defaultdict(set)
    for piece, team in paid:
        if piece.usage and team:
            teams[f"{piece.at:%Y-%m}", piece.usage].add((piece.source, team))
    answer: dict[str, dict[tuple[int, int], Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for (month, u), keys in teams.items():
        counts = (u.input_tokens, u.cached_input_tokens, u.cache_write_tokens, u.output_tokens)
        tokens = sum(count or 0 for count in counts)
        for key in keys:
            answer[month][key] += Fraction(tokens, len(keys))
    return {
        month: {key: Fraction(round(n * 10**6), 10**6) for key, n in found.items() if n}
        for month, found in answer.items()
    } | defaultdict(dict)
