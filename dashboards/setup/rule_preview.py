"""What a change of rules would move, as tables: team by team, rule by rule, with examples."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.known import known
from dashboards.menus import mark
from finops.attribution.models import AllocationRule
from finops.attribution.queries.rule_preview import (
    Example,
    RuleChange,
    RulePreview,
    TeamChange,
    default_period,
    rule_preview,
)
from finops.attribution.queries.shapes import TeamRef

SHARES_SHOWN = 6


def preview_context(request: HttpRequest, rules: Sequence[AllocationRule]) -> dict[str, Any]:
    """The context of setup/rule_preview.html. Raises BadRuleError."""
    about = known(request)
    period = default_period(about.now.date())
    currency = about.organisation.reporting_currency
    if period is None:
        return {"answer": "There is no money in the books yet, so nothing would move."}
    found = rule_preview(rules, period)
    moving = [change for change in found.teams if change.difference]
    return {
        "answer": answer(found, currency),
        "period": words.period_name(found.period),
        "teams": team_rows(moving, currency),
        "total": total_row(moving, currency),
        "rest": words.plural(len(found.teams) - len(moving), "other team"),
        "rules": [rule_row(change, currency) for change in found.rules],
        "flows": [
            {
                "now": team_of(flow.now),
                "then": team_of(flow.then),
                "cells": words.count(flow.cells),
                "text": words.money(flow.nanos, currency, cents=True),
            }
            for flow in found.flows
        ],
        "examples": [example_row(example, currency) for example in found.examples],
    }


def answer(found: RulePreview, currency: str) -> SafeString:
    period = words.period_name(found.period)
    if not found.cells:
        return format_html("In {} it would move nothing.", period)
    return format_html(
        "In {} it would move {} in {}.",
        period,
        words.bold(words.money(found.nanos, currency, cents=True)),
        words.plural(found.cells, "piece"),
    )


def team_rows(moving: Sequence[TeamChange], currency: str) -> list[dict[str, Any]]:
    """Now, then and the difference, each column in cents that add up."""
    columns = [
        words.column(amounts, sum(amounts), currency, cents=True, signed=signed)[0]
        for amounts, signed in (
            ([change.now for change in moving], False),
            ([change.then for change in moving], False),
            ([change.difference for change in moving], True),
        )
    ]
    return [
        {"team": team_of(change.team), "now": now, "then": then, "difference": difference,
         "is_loss": change.difference < 0}
        for change, now, then, difference in zip(moving, *columns, strict=True)
    ]  # fmt: skip


def total_row(moving: Sequence[TeamChange], currency: str) -> dict[str, str]:
    sums = [
        sum(change.now for change in moving),
        sum(change.then for change in moving),
        sum(change.difference for change in moving),
    ]
    texts = [words.column([nanos], nanos, currency, cents=True)[1] for nanos in sums]
    return dict(zip(("now", "then", "difference"), texts, strict=True))


def rule_row(change: RuleChange, currency: str) -> dict[str, Any]:
    shown = change.shares[:SHARES_SHOWN]
    more = len(change.shares) - len(shown)
    parts = [f"{team.name} {words.percent(float(share))}" for team, share in shown]
    return {
        "name": change.rule.name,
        "position": change.rule.position,
        "cells_now": words.count(change.cells_now),
        "now": words.money(change.now, currency, cents=True),
        "cells_then": words.count(change.cells_then),
        "then": words.money(change.then, currency, cents=True),
        "shares": words.listed([*parts, *([f"{more} more"] if more else [])]) if parts else "",
    }


def example_row(example: Example, currency: str) -> dict[str, Any]:
    named = [example.vendor, example.model, example.api_key, example.project]
    has_bill = example.charge_id is not None
    return {
        "day": words.day(example.day, year=True),
        "what": ", ".join(name for name in named if name),
        "href": f"/spend/lines/{example.charged_on}-{example.charge_id}/" if has_bill else "",
        "now": words.listed([team.name for team in example.now]),
        "then": words.listed([team.name for team in example.then]),
        "rule": example.rule.name if example.rule else "no rule",
        "text": words.money(example.nanos, currency, cents=True),
    }


def team_of(team: TeamRef) -> dict[str, str]:
    """Money that no team pays is shared by all of them, or nobody is known for it."""
    return {"name": team.name if team.id else "No team, or shared by all", "mark": mark(team)}
