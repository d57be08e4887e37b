"""Allocation rules as a TOML file that people write, review and keep beside their other settings.

    [[rule]]
    name = "Gateway"
    method = "fixed"
    when = [
      { field = "api_key", op = "is", values = ["k-gate"] },
    ]
    shares = { core = 60, data = 40 }
    percent = true                  # the shares must sum to 100
    start = 2026-10-01              # first day
    end = 2026-11-01                # day after the last one

Who pays is `teams = [...]` for the methods team, even, usage and direct, `shares` for fixed, and
`services = { infra = { core = 70, data = 30 } }` for reciprocal. `everything = true` stands for
`when` in a rule that means all money. The first rule that matches is followed.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from finops.attribution.models import AllocationRule
from finops.attribution.rule_checks import is_weight, plain
from finops.attribution.rule_drafts import RuleDraft, ShareDraft, all_percent
from finops.attribution.rules import BadRuleError
from finops.people.models import Team

Method = AllocationRule.Method
# Under which key a method names who pays.
PAYERS = {
    Method.TEAM: "teams",
    Method.EVEN: "teams",
    Method.USAGE: "teams",
    Method.DIRECT: "teams",
    Method.FIXED: "shares",
    Method.RECIPROCAL: "services",
}
KEYS = (
    "name", "method", "when", "everything", "teams", "shares", "services", "percent", "start", "end", "note",
)  # fmt: skip
CONDITION_KEYS = ("field", "op", "values")
BARE = re.compile(r"[A-Za-z0-9_-]+")
HEAD = "# Allocation rules, in order: the first one that matches decides who pays.\n"
Table = Mapping[str, Any]


class RuleFileError(BadRuleError):
    """A file that is no list of rules; line and column where they are known."""

    def __init__(self, message: str, line: str | None = None, column: str | None = None) -> None:
        super().__init__(message)
        self.line, self.column = line, column


def read_rules(text: str, teams: Mapping[str, Team]) -> list[RuleDraft]:
    """Return the rules of a file as drafts, in its order. `teams` by slug.

    Raises RuleFileError for what is no rule; whether a rule may be followed is checked apart.
    """
    try:
        found = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = at.groups() if at else (None, None)
        raise RuleFileError(f"This is not TOML: {error}.", line, column) from None
    only(found, ("rule",), "The file")
    rules = found.get("rule", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise RuleFileError("Write each rule as [[rule]], in double brackets.")
    return [read_rule(rule, f"Rule {place}", teams) for place, rule in enumerate(rules, start=1)]


def read_rule(told: Table, where: str, teams: Mapping[str, Team]) -> RuleDraft:
    name = typed(told, "name", str, where, "")
    where = f"{where}, “{name}”"
    only(told, KEYS, where)
    method = typed(told, "method", str, where, "")
    if method not in PAYERS:
        raise RuleFileError(f"{where}: method is {method!r}, not one of: {', '.join(PAYERS)}.")
    for key in set(PAYERS.values()) - {PAYERS[Method(method)]}:
        if key in told:
            raise RuleFileError(f"{where}: {method} takes {PAYERS[Method(method)]}, not {key}.")
    return RuleDraft(
        name=name,
        method=method,
        conditions=tuple(read_condition(c, where) for c in typed(told, "when", list, where, [])),
        shares=tuple(read_shares(told, where, teams)),
        valid_from=typed(told, "start", date, where, None),
        valid_to=typed(told, "end", date, where, None),
        note=typed(told, "note", str, where, ""),
        matches_everything=typed(told, "everything", bool, where, False),
        in_percent=typed(told, "percent", bool, where, False),
    )


def read_condition(told: Any, where: str) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise RuleFileError(
            f"{where}: write a condition as {{ field = .., op = .., values = [..] }}."
        )
    only(told, CONDITION_KEYS, f"{where}, a condition")
    values = typed(told, "values", list, where, [])
    return {
        "field": typed(told, "field", str, where, ""),
        "op": typed(told, "op", str, where, ""),
        "values": [typed({"values": value}, "values", str, where, "") for value in values],
    }


def read_shares(told: Table, where: str, teams: Mapping[str, Team]) -> Iterator[ShareDraft]:
    for slug in typed(told, "teams", list, where, []):
        yield ShareDraft(team_of(slug, where, teams))
    for slug, weight in typed(told, "shares", dict, where, {}).items():
        yield ShareDraft(team_of(slug, where, teams), weight_of(weight, where))
    services = typed(told, "services", dict, where, {})
    for service in services:
        users = typed(services, service, dict, where, {})
        for slug, weight in users.items():
            yield ShareDraft(
                team_of(slug, where, teams),
                weight_of(weight, where),
                team_of(service, where, teams),
            )


def team_of(slug: Any, where: str, teams: Mapping[str, Team]) -> Team:
    if not isinstance(slug, str) or slug not in teams:
        known = ", ".join(teams) or "none yet"
        raise RuleFileError(f"{where}: there is no team {slug!r}; there are: {known}.")
    return teams[slug]


def weight_of(value: Any, where: str) -> Decimal:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        raise RuleFileError(f"{where}: {value!r} is not a share, write a number such as 62.5.")
    if not is_weight(Decimal(value)):
        raise RuleFileError(
            f"{where}: {value} is not a share: at most eight digits and four decimals."
        )
    return Decimal(value)


def typed(told: Table, key: str, kind: type, where: str, default: Any) -> Any:
    """Return a value of exactly this type: a time is no day, a flag no number."""
    value = told.get(key, default)
    if key in told and type(value) is not kind:
        raise RuleFileError(f"{where}: {key} = {value!r} is not {WANTED[kind]}.")
    if kind is str and "\0" in value:
        raise RuleFileError(f"{where}: {key} holds a zero byte.")
    return value


WANTED: Mapping[type, str] = {
    str: "a text in quotes", list: "a list", dict: "a table of names and numbers", bool: "true or false",
    date: "a day such as 2026-10-31, without quotes",
}  # fmt: skip


def only(told: Table, keys: Iterable[str], where: str) -> None:
    """Refuse a misspelt key, which would otherwise be a rule that says less than was meant."""
    for key in told:
        if key not in keys:
            raise RuleFileError(f"{where}: there is no {key!r} here, only {', '.join(keys)}.")


def written(rules: Iterable[AllocationRule]) -> str:
    """Return the rules as a file that reads back as the same rules."""
    return "\n".join([HEAD, *("\n".join(lines_of(rule)) + "\n" for rule in rules)])


def lines_of(rule: AllocationRule) -> Iterator[str]:
    told = as_table(rule)
    yield "[[rule]]"
    for key, value in told.items():
        if key == "when":
            yield from ("when = [", *(f"  {toml(condition)}," for condition in value), "]")
        else:
            yield f"{key} = {toml(value)}"


def as_table(rule: AllocationRule) -> dict[str, Any]:
    """Return a rule as the keys and values of the file; what it does not say is left out."""
    shares = list(rule.shares.all())
    payers: dict[str, Any]
    if rule.method == Method.RECIPROCAL:
        services: dict[str, dict[str, Decimal]] = {}
        for share in shares:
            service = share.service.slug if share.service else ""
            services.setdefault(service, {})[share.team.slug] = share.weight
        payers = {"services": services, "percent": all_percent(rule)}
    elif rule.method == Method.FIXED:
        payers = {"shares": {s.team.slug: s.weight for s in shares}, "percent": all_percent(rule)}
    else:
        payers = {"teams": [s.team.slug for s in shares]}
    said = {
        "name": rule.name,
        "method": rule.method,
        "when": [
            {key: told[key] for key in CONDITION_KEYS if told.get(key)} for told in rule.conditions
        ],
        "everything": not rule.conditions and rule.method != Method.RECIPROCAL,
        **payers,
        "start": rule.valid_from,
        "end": rule.valid_to,
        "note": rule.note,
    }
    return {key: value for key, value in said.items() if value}


def toml(value: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return f"{value}"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{bare(key)} = {toml(part)}" for key, part in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return quoted(str(value))


def bare(key: str) -> str:
    return key if BARE.fullmatch(key) else quoted(key)


def quoted(text: str) -> str:
    """Return a text in quotes: JSON's escapes are TOML's too, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
