"""Setup > People > who is known: people, all their names and teams; merging and splitting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.known import known
from dashboards.setup.forms import days_words, posted_day
from dashboards.setup.guard import administered, signed_in_user
from dashboards.setup.names import shown
from finops.attribution.actions.identities import BadIdentityError
from finops.attribution.actions.people import Dropped, Merged, merge, split
from finops.attribution.queries.people import (
    PersonCard,
    Stay,
    known_people,
    lookalikes,
    names_of_teams,
    person_by_email,
    person_card,
)
from finops.attribution.queries.unknown_names import directory
from finops.people.models import Person

NAMES_SHOWN = 4


@administered
def known_page(request: HttpRequest) -> HttpResponse:
    """Who is known, and by which names?"""
    search = (request.GET.get("q") or "").strip()
    today = known(request).now.date()
    found = known_people(search=search, after=request.GET.get("after") or "")
    named = names_of_teams(search=search, after=request.GET.get("names_after") or "")
    here = reverse("known-people")
    context = {
        "page_title": "Known people",
        "question": "Who is known, and by which names?",
        "answer": counted(found.count, search),
        "crumbs": crumbs("Known people"),
        "search": search,
        "people": [row_of(card, today) for card in found.people],
        "people_pages": pages(here, search, "after", found.next, request),
        "names": [shown(row, today) for row in named.names],
        "names_pages": pages(here, search, "names_after", named.next, request),
        "can_administer": True,
    }
    return render(request, "setup/known_people.html", context)


def crumbs(label: str) -> list[dict[str, str]]:
    return [{"label": "People", "href": reverse("people")}, {"label": label}]


def counted(count: int, search: str) -> SafeString:
    noun = words.bold(words.plural(count, "person", "people"))
    if search:
        return format_html("{} for “{}”.", noun, search)
    return format_html("{}, each with every name they go by.", noun)


def pages(here: str, search: str, name: str, after: str, request: HttpRequest) -> dict[str, str]:
    query = request.GET.copy()
    query.pop(name, None)
    first = f"{here}?{query.urlencode()}" if request.GET.get(name) else ""
    query[name] = after
    return {
        "first_href": first,
        "next_href": f"{here}?{query.urlencode()}" if after else "",
        "words": "",
    }


@dataclass(frozen=True)
class PersonRow:
    """A person of the list: today's team, and the first of the names in use."""

    card: PersonCard
    team: str
    names: list[str]
    more: int
    ended: int


def row_of(card: PersonCard, today: date) -> PersonRow:
    used = [row.name.ref for row in card.names if not row.has_ended(today)]
    others = [ref for ref in used if ref != f"email:{card.email}"]
    return PersonRow(
        card,
        team_on(card.stays, today),
        others[:NAMES_SHOWN],
        max(len(others) - NAMES_SHOWN, 0),
        len(card.names) - len(used),
    )


def team_on(stays: Sequence[Stay], day: date) -> str:
    return next((stay.team for stay in reversed(stays) if stay.holds(day)), "")


@administered
def person_page(request: HttpRequest, person_id: int) -> HttpResponse:
    """By which names is this person known, and in which teams were they?"""
    card = person_card(person_id)
    if card is None:
        raise Http404("There is no such person.")
    if request.method == "POST":
        return change(request, card)
    today = known(request).now.date()
    context = {
        "page_title": card.label,
        "crumbs": [*crumbs("Known people")[:1], known_crumb(), {"label": card.label}],
        "question": f"By which names is {card.label} known?",
        "answer": described(card, today),
        "person": card,
        "names": [shown(row, today) for row in card.names],
        "stays": [(stay.team, days_words(stay.valid_from, stay.valid_to)) for stay in card.stays],
        "into": person_card(card.merged_into) if card.merged_into else None,
        "lookalikes": [] if card.merged_into else lookalikes(card, directory()),
        "can_administer": True,
    }
    return render(request, "setup/person.html", context)


def known_crumb() -> dict[str, str]:
    return {"label": "Known people", "href": reverse("known-people")}


def described(card: PersonCard, today: date) -> SafeString:
    """Three names in use and one that ended; in Core today."""
    used = [row for row in card.names if not row.has_ended(today)]
    ended = len(card.names) - len(used)
    team = team_on(card.stays, today)
    said = format_html("{} in use", words.bold(words.plural(len(used), "name")))
    if ended:
        said = format_html("{}, {} ended", said, words.in_words(ended))
    where = format_html("in {} today", words.bold(team)) if team else "in no team today"
    return format_html("{}; {}.", said, where)


def change(request: HttpRequest, card: PersonCard) -> HttpResponse:
    """Merge somebody into this person, or split some of the names off."""
    try:
        if request.POST.get("act") == "merge":
            done = merge(Person(pk=card.id), to_merge(request), by=signed_in_user(request))
            messages.success(request, merged_words(done))
            for dropped in done.dropped:
                messages.warning(request, dropped_words(done, dropped))
        else:
            messages.success(request, split_off(request, card))
    except BadIdentityError as error:
        messages.error(request, str(error))
    return redirect(request.path)


def to_merge(request: HttpRequest) -> Person:
    email = request.POST.get("email") or ""
    found = person_by_email(email)
    if found is None:
        raise BadIdentityError(f"Nobody is known as {email!r}. Write the e-mail of a known person.")
    return found


def merged_words(done: Merged) -> str:
    stays = f" and {words.plural(done.stays, 'stay')} in teams" if done.stays else ""
    return (
        f"{done.gone.email} is {done.keep} now, with {words.plural(done.names, 'name')}{stays}. "
        "The books are being brought up to date."
    )


def dropped_words(done: Merged, dropped: Dropped) -> str:
    days = days_words(dropped.days.start, dropped.days.end)
    return (
        f"{done.gone.email} was in {dropped.team} {days}, when {done.keep} was in "
        f"{dropped.kept_team}: {dropped.kept_team} stays."
    )


def split_off(request: HttpRequest, card: PersonCard) -> str:
    chosen = [int(text) for text in request.POST.getlist("name") if text.isdecimal()]
    done = split(
        Person(pk=card.id),
        chosen,
        email=request.POST.get("email") or "",
        name=request.POST.get("full_name") or "",
        from_day=posted_day(request, "from_day"),
        same_teams=bool(request.POST.get("same_teams")),
        by=signed_in_user(request),
    )
    who = f"{done.person.email}, a person of their own now" if done.is_new else str(done.person)
    return (
        f"{words.plural(done.names, 'name')} went to {who}. The books are being brought up to date."
    )
