"""Setup > People > one name: whose it was, is and shall be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from dashboards import words
from dashboards.asking import asked_by
from dashboards.known import known
from dashboards.panel import Asked
from dashboards.setup.forms import days_words, posted_day
from dashboards.setup.guard import administered, signed_in_user
from dashboards.setup.identities import ASKED_BY_HAND, Choice, beside, choices_of, moved, seen
from finops.attribution.actions.identities import (
    BadIdentityError,
    Confirmation,
    change_owner,
    confirm,
    end_name,
    standing_row,
)
from finops.attribution.owners import BadOwnerError, Owner, read_owner
from finops.attribution.queries.organisation import refs_of
from finops.attribution.queries.people import OwnedName, find_owners, history
from finops.attribution.queries.unknown_names import UnknownName, candidates, unknown_names
from finops.attribution.suggestions import Candidate
from finops.people.names import FIELDS, BadNameError, Name, read_name

NEW_SERVICE = "new-service"


@administered
def name_page(request: HttpRequest) -> HttpResponse:
    """Whose is this name?"""
    asked = asked_by(request, "people")
    try:
        name = read_name(request.GET.get("ref") or "")
    except BadNameError as error:
        raise Http404(str(error)) from None
    if request.method == "POST":
        return decide(request, asked, name)
    search = (request.GET.get("q") or "").strip()
    if request.headers.get("HX-Request"):
        return render(request, "setup/name_found.html", found_context(asked, search))
    return render(request, "setup/name.html", context_of(asked, name, search))


def context_of(asked: Asked, name: Name, search: str) -> dict[str, Any]:
    waiting = waiting_of(asked, name)
    rows = history(name)
    suggested = merged(candidates(waiting))
    return {
        "page_title": name.ref,
        "crumbs": [
            {"label": "People", "href": f"{reverse('people')}{asked.state.query()}"},
            {"label": name.ref},
        ],
        "question": f"Whose is {name.ref}?",
        "answer": said_of(waiting, rows, asked),
        "ref": name.ref,
        "history": [shown(row, known(asked.request).now.date()) for row in rows],
        "standing": next((row for row in reversed(rows) if row.valid_to is None), None),
        "choices": choices_of(suggested, refs_of(known(asked.request).teams)),
        "teams": [team for team in known(asked.request).teams if not team.is_group],
        "carried": asked.state.pairs(),
        "can_administer": True,
        **found_context(asked, search),
    }


def found_context(asked: Asked, search: str) -> dict[str, Any]:
    """What a search for an owner found."""
    teams = refs_of(known(asked.request).teams)
    found = choices_of(find_owners(search), teams)
    return {"search": search, "found": [plain(choice) for choice in found]}


def plain(choice: Choice) -> Choice:
    """Something that was searched for is never chosen beforehand."""
    return Choice(choice.token, choice.label, choice.reason, "", choice.mark, is_chosen=False)


def waiting_of(asked: Asked, name: Name) -> list[UnknownName]:
    """The entries of the queue that are this name, by whatever field."""
    texts = {name.key, name.external_id.lower()}
    tokens = [f"{field} {text}" for field in FIELDS for text in sorted(texts)]
    found = unknown_names(asked.state.period, names=tokens).names
    return [one for one in found if one.unknown.name.key == name.key]


def merged(lists: Sequence[Sequence[Candidate]]) -> list[Candidate]:
    """The candidates of several entries, each owner once."""
    by_owner = {one.owner: one for found in lists for one in found}
    return sorted(by_owner.values(), key=lambda one: -one.strength)


@dataclass(frozen=True)
class Shown:
    """A dated row of a name in words."""

    row: OwnedName
    days: str
    state: dict[str, str]
    why: str
    href: str


def shown(row: OwnedName, today: date) -> Shown:
    ended = row.has_ended(today)
    why = ", ".join(filter(None, [row.reason or "from a file of people", row.confirmed_by]))
    person = row.owner.person_id if row.owner else None
    return Shown(
        row,
        days_words(row.valid_from, row.valid_to),
        {"words": "Ended", "kind": "busy"} if ended else {"words": "In use"},
        why,
        reverse("person", args=[person]) if person else "",
    )


def said_of(waiting: Sequence[UnknownName], rows: Sequence[OwnedName], asked: Asked) -> str:
    period = words.period_name(asked.state.period)
    said = []
    for one in waiting:
        more = ", ".join(filter(None, [beside(one, asked), seen(one)]))
        money = words.money(one.teamless, asked.currency)
        said.append(f"{money} of {period} reaches no team because of it ({more}).")
    if not waiting:
        said.append(f"No money of {period} waits for it.")
    if rows:
        last = rows[-1]
        days = days_words(last.valid_from, last.valid_to)
        said.append(f"It belongs to {last.owner_label}, {days}.")
    return " ".join(said)


def decide(request: HttpRequest, asked: Asked, name: Name) -> HttpResponse:
    """Give the name an owner from a day on, or end it."""
    try:
        is_end = request.POST.get("act") == "end"
        messages.success(request, end(request, name) if is_end else give(request, asked, name))
    except (BadIdentityError, BadOwnerError) as error:
        messages.error(request, str(error))
    return redirect(request.get_full_path())


def end(request: HttpRequest, name: Name) -> str:
    day = posted_day(request, "end_day")
    if day is None:
        raise BadIdentityError("Say from which day on it is nobody’s.")
    end_name(name, day, by=signed_in_user(request), reason=request.POST.get("why") or "ended")
    return (
        f"{name.ref} ends: from {words.day(day, year=True)} on it is nobody’s. "
        "What it did before stays where it is."
    )


def give(request: HttpRequest, asked: Asked, name: Name) -> str:
    owner = posted_owner(request)
    day, by = posted_day(request, "from_day"), signed_in_user(request)
    waiting = waiting_of(asked, name)
    reason = next(
        (one.reason for one in merged(candidates(waiting)) if one.owner == owner), ASKED_BY_HAND
    )
    if standing_row(name, day) is not None:
        change_owner(name, owner, from_day=day, by=by, reason=reason)
        return f"{name.ref} is handed over. The books are being brought up to date."
    confirm([Confirmation(name, owner, reason)], by=by, from_day=day)
    if waiting:
        return moved(waiting, [owner], asked)
    return f"{name.ref} has an owner now."


def posted_owner(request: HttpRequest) -> Owner:
    """The owner that was chosen, or a service that was described."""
    token = request.POST.get("owner") or ""
    if token == NEW_SERVICE:
        team = request.POST.get("service_team") or ""
        return read_owner(f"service:{team}:{request.POST.get('service') or ''}")
    return read_owner(token)
