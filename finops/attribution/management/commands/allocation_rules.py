"""`manage.py allocation_rules`: list the rules, write them to a file, follow those of a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from finops.attribution.actions.rule_set import RuleSet, follow_rules, rule_set
from finops.attribution.management.asking import Answer, AnsweringCommand, RefusedError, day
from finops.attribution.models import AllocationRule
from finops.attribution.present import amount, cents_of_column, cents_text
from finops.attribution.queries.organisation import organisation, team_rows_by_slug
from finops.attribution.queries.rule_list import rules_in_order
from finops.attribution.queries.rule_preview import RulePreview, default_period, rule_preview
from finops.attribution.rule_checks import plain
from finops.attribution.rule_drafts import RuleDraft
from finops.attribution.rule_file import RuleFileError, as_table, read_rules, toml, written
from finops.attribution.rules import BadRuleError
from finops.money import to_cents
from finops.periods import Period

NO_TEAM = "no team, or shared by all"


class Command(AnsweringCommand):
    help = "List the allocation rules, export them as TOML, or follow those of a file."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("do", choices=("list", "export", "apply"))
        parser.add_argument("file", nargs="?", type=Path, help="apply: all rules, in their order")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="apply: say in dollars what would move, change nothing",
        )
        parser.add_argument(
            "--withdraw",
            action="store_true",
            help="apply: withdraw the rules that the file leaves out",
        )
        parser.add_argument("--start", type=day, help="--dry-run: first day; else the last months")
        parser.add_argument("--end", type=day, help="--dry-run: day after the last one")

    def answer(self, options: dict[str, Any]) -> Answer:
        if options["do"] != "apply":
            rules = rules_in_order()
            found = {"rules": [as_json(rule) for rule in rules]}
            text = written(rules).rstrip("\n")
            return found, [text] if options["do"] == "export" else listed(rules)
        drafts = drafts_of(options["file"])
        try:
            if options["dry_run"]:
                return previewed(rule_set(drafts, rules_in_order()), asked_period(options))
            now, may_withdraw = timezone.now(), options["withdraw"]
            found_set = follow_rules(drafts, may_withdraw=may_withdraw, by=None, now=now)
        except BadRuleError as error:
            raise RefusedError(
                "bad_rule",
                str(error),
                file=str(options["file"]),
                fix="Correct the file. --withdraw withdraws the rules that it leaves out.",
            ) from None
        return outcome(found_set) | {"applied": True}, [*told(found_set), after(found_set)]


def drafts_of(path: Path | None) -> list[RuleDraft]:
    """Read the rules of a file. Raises RefusedError."""
    if path is None or not path.is_file():
        raise RefusedError(
            "no_file", f"There is no file {path}." if path else "Name the file to apply.",
            file=str(path) if path else None, fix="allocation_rules export writes one.",
        )  # fmt: skip
    try:
        return read_rules(path.read_text("utf-8"), team_rows_by_slug())
    except UnicodeDecodeError:
        raise RefusedError("not_utf8", "The file is not UTF-8 text.", file=str(path)) from None
    except RuleFileError as error:
        raise RefusedError(
            "bad_file", str(error), file=str(path), line=error.line, column=error.column
        ) from None


def asked_period(options: dict[str, Any]) -> Period | None:
    start, end = options["start"], options["end"]
    if start is None and end is None:
        return default_period(timezone.now().date())
    if start is None or end is None or end <= start:
        raise RefusedError(
            "empty_period", "Say both --start and a later --end.", found=f"{start} to {end}"
        )
    return Period(start, end)


def as_json(rule: AllocationRule) -> dict[str, Any]:
    """Return a rule as the file has it, with its number and version; amounts and days as text."""
    table = {key: plain_json(value) for key, value in as_table(rule).items()}
    return {"number": rule.number, "version": rule.version} | table


def plain_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain_json(part) for key, part in value.items()}
    if isinstance(value, list | str | bool):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else plain(value)


def listed(rules: Sequence[AllocationRule]) -> list[str]:
    if not rules:
        return ["No rule is followed."]
    lines = []
    for place, rule in enumerate(rules, start=1):
        table = as_table(rule)
        lines.append(f"{place}. {rule.name} (rule {rule.number}, version {rule.version})")
        lines += [f"   {k} {toml(v)}" for k, v in table.items() if k not in ("name", "when")]
        lines += [f"   when {toml(condition)}" for condition in table.get("when", ())]
    return lines


def outcome(found: RuleSet) -> dict[str, Any]:
    return {
        "rules": len(found.rules),
        "added": [rule.name for rule in found.added],
        "changed": [rule.name for rule in found.changed],
        "moved": [rule.name for rule in found.moved],
        "withdrawn": [rule.name for rule in found.withdrawn],
    }


def told(found: RuleSet) -> list[str]:
    done = outcome(found)
    lines = [f"{done['rules']} rules in the file."]
    for what in ("added", "changed", "moved", "withdrawn"):
        lines += [f"  {what}: {name}" for name in done[what]]
    return lines


def after(found: RuleSet) -> str:
    if not found.is_news:
        return "They are the rules that are followed already: nothing was changed."
    return (
        "They are followed. A running server settles them within a minute; else: manage.py settle."
    )


def previewed(found: RuleSet, period: Period | None) -> Answer:
    """Return what would change, and what it would move in the period's whole months."""
    answer, lines = outcome(found) | {"applied": False, "preview": None}, told(found)
    if period is None:
        return answer, [*lines, "There is no money in the books yet, so nothing would move."]
    currency = organisation().reporting_currency
    preview = preview_json(rule_preview(found.rules, period), currency)
    teams = preview["teams"]
    width = max((len(team["team"] or NO_TEAM) for team in teams), default=0)
    lines.append(
        f"From {preview['start']} to {preview['end']} this would move {preview['moved']} {currency}"
        f" in {preview['cells']} pieces."
    )
    for team in teams:
        name = team["team"] or NO_TEAM
        payment = f"now {team['now']}, then {team['then']} ({team['difference']})"
        lines.append(f"  {name:{width}}  {payment}")
    if found.withdrawn:
        lines.append("The file leaves out rules that are followed: apply it with --withdraw.")
    return answer | {"preview": preview}, [*lines, "Nothing was changed."]


def preview_json(found: RulePreview, currency: str) -> dict[str, Any]:
    """Return the teams that would pay more or less, each column in cents that add up."""
    teams = [change for change in found.teams if change.difference]
    columns = [
        cents_of_column(nanos, to_cents(sum(nanos)))
        for nanos in (
            [change.now for change in teams],
            [change.then for change in teams],
            [change.difference for change in teams],
        )
    ]
    return {
        "start": f"{found.period.start}",
        "end": f"{found.period.end}",
        "currency": currency,
        "moved": amount(found.nanos),
        "cells": found.cells,
        "teams": [
            {"team": change.team.slug or None}
            | dict(zip(("now", "then", "difference"), map(cents_text, cents), strict=True))
            for change, *cents in zip(teams, *columns, strict=True)
            if cents[-1]  # less than a cent is nothing to read
        ],
    }
