"""Disputes: a team says that money is not its own; finance answers; both stay readable."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from dashboards import words
from dashboards.bill_line import read_charge
from dashboards.known import known
from dashboards.setup.closing import for_finance
from dashboards.setup.guard import signed_in_user
from finops.attribution.actions import disputes as actions
from finops.attribution.models import Dispute
from finops.attribution.queries import disputes as queries
from finops.attribution.queries.organisation import team_rows_by_slug

KINDS = {"open": "busy", "refused": "refused"}


@require_safe
@cache_control(private=True, no_store=True)
@login_required
def disputes(request: HttpRequest) -> HttpResponse:
    """Finance sees all of them, a manager those of the own teams."""
    sight = known(request).sight
    found = queries.disputes(sight.teams)
    context = {
        "page_title": "Disputes",
        "question": "Which money is disputed?",
        "answer": answer(found),
        "rows": [row(dispute, request) for dispute in found],
    }
    return render(request, "closing/disputes.html", context)


def answer(found: list[Dispute]) -> SafeString:
    waiting = sum(d.state == Dispute.State.OPEN for d in found)
    if not found:
        return format_html("{}", "None. A team disputes a bill line on the page of that line.")
    if not waiting:
        return format_html(
            "{} raised, all answered.", words.bold(words.plural(len(found), "dispute"))
        )
    waits = "waits" if waiting == 1 else "wait"
    return format_html(
        "{} {} for an answer from finance.", words.bold(words.plural(waiting, "dispute")), waits
    )


def row(dispute: Dispute, request: HttpRequest) -> dict[str, Any]:
    zone = known(request).organisation.time_zone
    last = words.day(dispute.last_day, year=True)
    first = words.day(dispute.valid_from, year=True)
    return {
        "dispute": dispute,
        "amount": words.money(dispute.nanos, dispute.currency, cents=True),
        "days": first if first == last else f"{first} to {last}",
        "state": {"kind": KINDS.get(dispute.state, ""), "words": dispute.get_state_display()},
        "raised": words.moment(dispute.raised_at, zone),
        "answered": words.moment(dispute.answered_at, zone) if dispute.answered_at else "",
        "line": f"/spend/lines/{dispute.charged_on}-{dispute.charge_id}/"
        if dispute.charge_id
        else "",
        "mark": str(dispute.team.color or "none"),
    }


@require_safe
@cache_control(private=True, no_store=True)
@login_required
def dispute(request: HttpRequest, number: int) -> HttpResponse:
    """One dispute: what, why, and the answer; for finance a form to give it."""
    return shown(request, number)


def shown(request: HttpRequest, number: int, error: str = "") -> HttpResponse:
    sight = known(request).sight
    found = queries.dispute(number, sight.teams)
    if found is None:
        raise Http404("There is no such dispute.")
    others = [t for t in team_rows_by_slug().values() if t.pk != found.team_id]
    context = {
        "page_title": f"Dispute {number}",
        "crumbs": [{"label": "Disputes", "href": "/disputes/"}, {"label": found.what}],
        "question": f"Shall {found.team.name} pay for it?",
        "answer": "",
        "row": row(found, request),
        "dispute": found,
        "may_answer": sight.teams is None and found.state == Dispute.State.OPEN,
        "teams": others,
        "chosen": request.POST.get("to_team", ""),
        "said": request.POST.get("answer", ""),
        "error": error,
    }
    return render(request, "closing/dispute.html", context, status=400 if error else 200)


@require_POST
@for_finance
def give_answer(request: HttpRequest, number: int) -> HttpResponse:
    """Accept it for another team, or refuse it."""
    who, now = signed_in_user(request), timezone.now()
    said = request.POST.get("answer", "")
    try:
        if request.POST.get("do") == "accept":
            to_team = team_rows_by_slug().get(request.POST.get("to_team", ""))
            if to_team is None:
                raise actions.DisputeError("Choose the team that shall pay.")
            actions.accept(number, to_team=to_team, answer=said, by=who, now=now)
            done = f"Accepted: {to_team.name} pays. The figures follow within a minute."
        else:
            actions.refuse(number, answer=said, by=who, now=now)
            done = "Refused. The money stays where it is."
    except actions.DisputeError as error:
        return shown(request, number, error=str(error))
    messages.success(request, done)
    return redirect("dispute", number)


@require_POST
@cache_control(private=True, no_store=True)
@login_required
def raise_one(request: HttpRequest, charge: str) -> HttpResponse:
    """A manager for an own team; finance and administrators for any."""
    charged_on, charge_id = read_charge(charge)
    team = team_rows_by_slug().get(request.POST.get("team", ""))
    if team is None or not known(request).sight.sees(team.pk):
        raise Http404("There is no such team.")
    try:
        raised = actions.raise_dispute(
            charged_on,
            charge_id,
            team=team,
            reason=request.POST.get("reason", ""),
            by=signed_in_user(request),
            now=timezone.now(),
        )
    except actions.DisputeError as error:
        messages.error(request, str(error))
        return redirect("line", charge)
    messages.success(request, "Raised. Finance is asked for an answer.")
    return redirect("dispute", raised.pk)
