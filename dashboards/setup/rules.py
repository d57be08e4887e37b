"""Setup > Rules: which rules say who pays, in order, and what a change of them would move."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from dashboards import words
from dashboards.filters import default_period
from dashboards.known import known
from dashboards.setup import rule_words
from dashboards.setup.guard import finance_reads, signed_in_user
from dashboards.setup.rule_form import OF_TAG, RuleForm, columns, of_rule, sent
from dashboards.setup.rule_preview import preview_context
from finops.attribution.actions import rules as actions
from finops.attribution.models import AllocationRule
from finops.attribution.queries import rule_list
from finops.attribution.queries.organisation import team_rows_by_slug
from finops.attribution.queries.rule_list import Moved
from finops.attribution.rules import FIELDS, OPERATORS, PROPORTIONAL, BadRuleError
from finops.people.models import Team

Method = AllocationRule.Method
METHOD_HINTS = {
    Method.TEAM: "All of it goes to one team.",
    Method.EVEN: "The same part for each team.",
    Method.FIXED: "A share for each team, in per cent or in parts.",
    Method.USAGE: "By the tokens that each team used in the month.",
    Method.DIRECT: "By what each team’s own work cost in the month.",
    Method.RECIPROCAL: "Service teams pass on what they are billed, also to one another.",
}


@require_safe
@finance_reads
def rules(request: HttpRequest) -> HttpResponse:
    """Every rule that is followed, in order, with what it moved in the last whole month."""
    about = known(request)
    period = default_period(about.span, about.now.date())
    followed = rule_list.rules_in_order()
    moved = rule_list.moved_by(followed, period) if followed else {}
    currency = about.organisation.reporting_currency
    context = {
        "page_title": "Rules",
        "answer": answer(followed, moved, words.period_name(period), currency),
        "rows": [
            row(rule, moved.get(rule.pk, Moved()), currency, place, len(followed), about.now.date())
            for place, rule in enumerate(followed, start=1)
        ],
        "period": words.period_name(period),
        "withdrawn": [gone_row(rule) for rule in rule_list.withdrawn_rules()],
        "can_administer": about.sight.can_administer,
    }
    return render(request, "setup/rules.html", context)


def answer(
    followed: Sequence[AllocationRule], moved: Mapping[int, Moved], period: str, currency: str
) -> SafeString:
    if not followed:
        return format_html(
            "{}",
            "No rule is followed. A team tag decides who pays, else the person’s team on that day,"
            " else whose the key or project is.",
        )
    total = sum(m.nanos for m in moved.values())
    return format_html(
        "{} {} followed, in this order. In {} they decided over {}.",
        words.bold(words.plural(len(followed), "rule")),
        "is" if len(followed) == 1 else "are",
        period,
        words.bold(words.money(total, currency)),
    )


def row(
    rule: AllocationRule, moved: Moved, currency: str, place: int, count: int, today: date
) -> dict[str, Any]:
    return {
        "rule": rule,
        "place": place,
        "matches": rule_words.matches(rule),
        "sends": rule_words.sends(rule),
        "when": rule_words.holds_when(rule),
        "is_over": bool(rule.valid_to and rule.valid_to <= today),
        "moved": words.money(moved.nanos, currency),
        "cells": words.plural(moved.cells, "piece"),
        "can_rise": place > 1,
        "can_fall": place < count,
    }


def gone_row(rule: AllocationRule) -> dict[str, Any]:
    return {
        "rule": rule,
        "when": words.day(rule.superseded_at.date(), year=True) if rule.superseded_at else "",
        "by": rule.superseded_by.get_username() if rule.superseded_by else "",
    }


@finance_reads
def new_rule(request: HttpRequest) -> HttpResponse:
    return edit(request, None, [])


@finance_reads
def rule(request: HttpRequest, number: int) -> HttpResponse:
    """One rule: its form while it is followed, and its versions."""
    versions = rule_list.versions_of(number)
    if not versions:
        raise Http404("There is no such rule.")
    return edit(request, versions[0], versions)


def edit(
    request: HttpRequest, old: AllocationRule | None, versions: list[AllocationRule]
) -> HttpResponse:
    """Show the form, change its rows, preview it or save it: whatever button was pressed."""
    teams = team_rows_by_slug()
    if request.method != "POST":
        return shown(request, of_rule(old) if old else RuleForm(), teams, versions)
    if old is not None and old.superseded_at is not None:
        messages.error(request, "This rule is withdrawn. Make a new one instead.")
        return redirect("rule", old.number)
    form, pressed = sent(request.POST, teams), request.POST.get("do", "")
    try:
        if pressed == "save":
            saved = save(request, form.draft(teams), old)
            messages.success(request, f"Rule {saved.number}, “{saved.name}”, is kept. {SOON}")
            return redirect("rules")
        if pressed == "preview":
            drafted = actions.rules_with(form.draft(teams), old.number if old else None)
            preview = preview_context(request, drafted)
            return shown(request, form, teams, versions, preview=preview)
    except BadRuleError as error:
        return shown(request, form, teams, versions, error=sentence(error))
    return shown(request, form.after(pressed), teams, versions)


SOON = "The figures follow within a minute."


def save(request: HttpRequest, draft: Any, old: AllocationRule | None) -> AllocationRule:
    by = signed_in_user(request)
    if old is None:
        return actions.add_rule(draft, by=by)
    return actions.change_rule(meant(request, old.number), draft, by=by, now=timezone.now())


def meant(request: HttpRequest, number: int) -> actions.Meant:
    """The version that was looked at, as the form carried it along."""
    version = request.POST.get("version", "")
    return actions.Meant(number, int(version) if version.isdecimal() else 0)


def sentence(error: BadRuleError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def shown(
    request: HttpRequest,
    form: RuleForm,
    teams: Mapping[str, Team],
    versions: list[AllocationRule],
    *,
    preview: dict[str, Any] | None = None,
    error: str = "",
) -> HttpResponse:
    old = versions[0] if versions else None
    is_gone = old is not None and old.superseded_at is not None
    context = {
        "page_title": f"Rule {old.number}, {old.name}" if old else "New rule",
        "old": old,
        "is_gone": is_gone,
        "can_administer": known(request).sight.can_administer and not is_gone,
        "form": form,
        "methods": [(m.value, m.label, METHOD_HINTS[m]) for m in Method],
        "fields": [(slug, label) for slug, (label, _) in FIELDS.items()],
        "of_tag": OF_TAG,
        "operators": list(OPERATORS.items()),
        "teams": list(teams.values()),
        "takes_weights": form.method == Method.FIXED,
        "is_one": form.method == Method.TEAM,
        "is_proportional": form.method in PROPORTIONAL,
        "is_reciprocal": form.method == Method.RECIPROCAL,
        "matrix": matrix(form, teams),
        "versions": [version_row(v, known(request).organisation.time_zone) for v in versions],
        "preview": preview,
        "error": error,
    }
    return render(request, "setup/rule.html", context)


def matrix(form: RuleForm, teams: Mapping[str, Team]) -> dict[str, Any] | None:
    """Services down, who uses them across."""
    services = [slug for slug in form.services if slug]
    users = columns(form.services, form.users)
    if not services or len(users) < 2:
        return None
    return {
        "users": [teams[user] for user in users],
        "rows": [
            {
                "service": teams[service],
                "cells": [
                    None
                    if user == service
                    else {
                        "name": f"uses-{service}-{user}",
                        "value": form.uses.get((service, user), ""),
                        "label": f"{teams[service].name}, used by {teams[user].name}",
                    }
                    for user in users
                ],
            }
            for service in services
        ],
    }


def version_row(rule: AllocationRule, time_zone: str) -> dict[str, Any]:
    return {
        "rule": rule,
        "matches": rule_words.matches(rule),
        "sends": rule_words.sends(rule),
        "when": rule_words.holds_when(rule),
        "made": words.moment(rule.created_at, time_zone),
        "by": rule.created_by.get_username() if rule.created_by else "",
        "ended": words.moment(rule.superseded_at, time_zone) if rule.superseded_at else "",
    }


@require_POST
@finance_reads
def move(request: HttpRequest, number: int) -> HttpResponse:
    """A place earlier or later."""
    try:
        moved = actions.move_rule(number, request.POST.get("to", ""))
        messages.success(request, f"“{moved.name}” is rule {moved.position} in order now. {SOON}")
    except BadRuleError as error:
        messages.error(request, sentence(error))
    return redirect("rules")


@require_POST
@finance_reads
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Ask, with the dollars that it would move; the answer yes withdraws."""
    try:
        if "yes" in request.POST:
            gone = actions.withdraw_rule(
                meant(request, number), by=signed_in_user(request), now=timezone.now()
            )
            messages.success(request, f"“{gone.name}” is withdrawn. {SOON}")
            return redirect("rules")
        preview = preview_context(request, actions.rules_without(number))
    except BadRuleError as error:
        messages.error(request, sentence(error))
        return redirect("rules")
    versions = rule_list.versions_of(number)
    if not versions or versions[0].superseded_at is not None:
        raise Http404("There is no such rule to withdraw.")
    context = {"page_title": "Withdraw a rule", "old": versions[0], "preview": preview}
    return render(request, "setup/rule_withdraw.html", context)
