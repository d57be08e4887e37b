"""Setup > AI scope: which lines of a bill are for AI, by rules; make one, end one, order them."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from billing_ingest import ai_scope, ai_scope_changes, wording
from billing_ingest.access import for_administrators, for_uploaders, may_administer, user_of
from billing_ingest.ai_scope_changes import BadRuleError
from billing_ingest.ai_scope_forms import EndForm, RuleForm
from billing_ingest.ai_scope_matches import Matches, matches
from finops.ledger.models import AiScopeRule

SHOWN = 20  # services that a rule fits


@dataclass(frozen=True)
class Row:
    """A rule on the list. `place` counts from one, in the order of the table."""

    rule: AiScopeRule
    place: int
    is_over: bool
    can_rise: bool
    can_fall: bool

    @property
    def holds(self) -> str:
        first, end = self.rule.valid_from, self.rule.valid_to
        last = end - timedelta(days=1) if end else None
        if not first and not last:
            return "always"
        return " ".join(
            word
            for word, day in ((f"from {first:%-d %b %Y}" if first else "", first),
                              (f"to {last:%-d %b %Y}" if last else "", last))
            if day
        )  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """A service that a rule fits, as the page says it."""

    service: str
    ai_class: str
    lines: str
    amount: str


@require_GET
@for_uploaders
def ai_scope_page(request: HttpRequest) -> HttpResponseBase:
    """The whole table, in order; rules that are over last."""
    rows = rows_of(ai_scope.rules(), timezone.localdate())
    context = {
        "page_title": "AI scope",
        "answer": answer(rows),
        "rows": sorted(rows, key=lambda row: (row.is_over, row.place)),
        "can_administer": may_administer(request),
    }
    return render(request, "setup/ai_scope.html", context)


def rows_of(table: list[AiScopeRule], today: date) -> list[Row]:
    last = len(table)
    return [
        Row(rule, place, bool(rule.valid_to and rule.valid_to <= today), place > 1, place < last)
        for place, rule in enumerate(table, start=1)
    ]


def answer(rows: list[Row]) -> SafeString:
    own = sum(row.rule.origin == AiScopeRule.Origin.ADMIN for row in rows)
    made = f", {own} of them made here" if own else ", all as shipped"
    held = wording.plural(sum(not row.is_over for row in rows), "rule")
    return format_html(
        "<b>{}</b>{}. A line that none fits is left out of a cloud’s bill, and its money counted.",
        held, made,
    )  # fmt: skip


@for_administrators
def new_ai_scope_rule(request: HttpRequest) -> HttpResponseBase:
    """Word a rule, see what it fits among the lines booked last, keep it."""
    form = RuleForm(request.POST or None)
    found: Matches | None = None
    if request.method == "POST" and form.is_valid():
        try:
            stated = form.stated()
            if request.POST.get("do") == "save":
                ai_scope_changes.add(stated, by=user_of(request))
                messages.success(request, "The rule is kept. It stands first, for bills to come.")
                return redirect("ai-scope")
            found = matches(stated.rule())
        except BadRuleError as error:
            form.add_error(None, str(error))
    context = {"page_title": "New rule", "form": form, **fits(found)}
    return render(request, "setup/ai_scope_rule.html", context)


@for_uploaders
def ai_scope_rule(request: HttpRequest, rule_id: int) -> HttpResponseBase:
    """One rule: what it says, what it fits, and its end."""
    rule = get_object_or_404(AiScopeRule.objects.select_related("created_by"), pk=rule_id)
    (row,) = rows_of([rule], timezone.localdate())
    context = {
        "page_title": rule.note or "Rule", "row": row, "end_form": EndForm(),
        "can_administer": may_administer(request), **fits(matches(rule)),
    }  # fmt: skip
    return render(request, "setup/ai_scope_rule.html", context)


def fits(found: Matches | None) -> dict[str, object]:
    """What the page shows of the lines that a rule fits."""
    if found is None:
        return {}
    labels = dict(AiScopeRule.AiClass.choices) | {"": "not said"}
    shown = [
        Fit(
            one.service, labels[one.ai_class], f"{one.lines:,}",
            wording.totals({code: str(amount) for code, amount in one.amounts.items()}),
        )
        for one in found.fitting[:SHOWN]
    ]  # fmt: skip
    return {
        "fitting": shown, "more": max(len(found.fitting) - SHOWN, 0), "looked": True,
        "lines": wording.plural(found.lines, "line"), "looked_at": f"{found.looked_at:,}",
    }  # fmt: skip


@require_POST
@for_administrators
def move_ai_scope_rule(request: HttpRequest, rule_id: int) -> HttpResponseBase:
    try:
        ai_scope_changes.move(rule_id, request.POST.get("to", ""))
    except BadRuleError as error:
        messages.error(request, str(error))
    return redirect("ai-scope")


@require_POST
@for_administrators
def end_ai_scope_rule(request: HttpRequest, rule_id: int) -> HttpResponseBase:
    get_object_or_404(AiScopeRule, pk=rule_id)
    form = EndForm(request.POST)
    try:
        if not form.is_valid():
            raise BadRuleError("Give the last day, as YYYY-MM-DD.")
        ai_scope_changes.end(rule_id, form.cleaned_data["last_day"] + timedelta(days=1))
        messages.success(request, "The rule ends. Lines that it placed stay where they are.")
    except BadRuleError as error:
        messages.error(request, str(error))
    return redirect("ai-scope")
