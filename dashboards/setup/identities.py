"""Setup > People: who is behind the money that nobody owns? The queue, and saying yes to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import menus, words
from dashboards.asking import asked_by
from dashboards.known import known
from dashboards.panel import Asked
from dashboards.setup.forms import mark_of, posted_day
from dashboards.setup.guard import administered, signed_in_user
from finops.attribution.actions.identities import BadIdentityError, Confirmation, confirm
from finops.attribution.owners import BadOwnerError, Owner, read_owner
from finops.attribution.queries.organisation import refs_of
from finops.attribution.queries.people import teamless_people
from finops.attribution.queries.unknown_names import (
    PAGE,
    Queue,
    UnknownName,
    candidates,
    teamless_nanos,
    unknown_names,
)
from finops.attribution.suggestions import Candidate, chosen
from finops.people.names import FIELDS, BadNameError

FIELD_TABS = {
    "actor": "Users and logins",
    "api_key": "API keys",
    "project": "Projects",
    "sub_account_id": "Workspaces and accounts",
}
IDLE = "idle"
ASKED_BY_HAND = "chosen by hand"
HOW = (
    (
        "A name is what a bill, a log or a work item says: an e-mail, a login, a key, a project, an account. It waits "
        "here while nobody owns it on the days it was seen. At stake is the money of its cells that no team pays; "
        "names on the same cell stand on the same money, so the column is not a sum. Names whose money all has a "
        "team, and that no work names, are listed apart."
    ),
    (
        "A suggestion is ticked when its reason is strong and no other candidate is as strong. Accepting writes a "
        "dated owner with the reason and your name; only the cells that carry the name are settled again."
    ),
)


@administered
def queue(request: HttpRequest) -> HttpResponse:
    """Which names wait for an owner, and who may it be?"""
    asked = asked_by(request, "people")
    if request.method == "POST":
        return accept(request, asked)
    field, search, after = (request.GET.get(name) or "" for name in ("field", "search", "after"))
    field = field if field in FIELDS else ""
    idle = None if search else bool(request.GET.get(IDLE))  # a search looks at every name
    found = unknown_names(asked.state.period, field=field, search=search, idle=idle, after=after)
    total = teamless_nanos(asked.state.period)
    rows = queue_rows(found.names, total, asked)
    context = {
        "page_title": "People",
        "question": f"Who is behind the money of {words.period_name(asked.state.period)} that nobody owns?",
        "answer": answer(found, rows, total, asked),
        "rows": rows,
        "ticked": sum(row.is_ticked for row in rows),
        "empty": None if rows else empty(search or field),
        "pages": pages(found, asked, field, search, after),
        "idle": idle_words(found, asked, field) if idle is False else None,
        "at_stake_href": place_of(asked, ("field", field)) if idle else "",
        "how": HOW,
        "fields": field_tabs(asked, field, search),
        "search": search,
        "carried": [pair for pair in [*asked.state.pairs(), ("field", field)] if pair[1]],
        "can_administer": True,
        **period_bar(asked, field, search),
    }
    return render(request, "setup/identities.html", context)


def period_bar(asked: Asked, field: str, search: str) -> dict[str, Any]:
    """Only the period can be chosen: a name is nobody's in whatever column and team."""
    kept = tuple(pair for pair in (("field", field), ("search", search)) if pair[1])
    place = menus.Place(asked.request.path, kept)
    return {
        "filters": [menus.period_menu(asked.state, place, known(asked.request).span)],
        "problems": asked.state.problems,
    }


@dataclass(frozen=True)
class Choice:
    """A candidate as a radio button."""

    token: str
    label: str
    reason: str
    strength: str
    mark: str
    is_chosen: bool


@dataclass(frozen=True)
class Row:
    """A name of the queue as the page shows it. `number` tells its controls apart."""

    number: int
    name: UnknownName
    what: str
    seen: str
    amount: str
    beside: str
    bar: dict[str, Any]
    choices: list[Choice]
    href: str

    @property
    def is_ticked(self) -> bool:
        return any(choice.is_chosen for choice in self.choices)


def queue_rows(names: Sequence[UnknownName], total: int, asked: Asked) -> list[Row]:
    teams = refs_of(known(asked.request).teams)
    return [
        Row(
            number=number,
            name=one,
            what=", ".join([FIELDS[one.field], *one.vendors]),
            seen=seen(one),
            amount=words.money(one.teamless, asked.currency, cents=True),
            beside=beside(one, asked),
            bar=share_bar(one.teamless, total),
            choices=choices_of(found, teams),
            href=name_href(one, asked),
        )
        for number, (one, found) in enumerate(zip(names, candidates(names), strict=True))
    ]


def choices_of(found: Sequence[Candidate], teams: dict[Any, Any]) -> list[Choice]:
    best = chosen(found)
    return [
        Choice(
            token=one.owner.token,
            label=one.label,
            reason=one.reason,
            strength=one.strength.word,
            mark=mark_of(one.owner, teams),
            is_chosen=one is best,
        )
        for one in found
    ]


def seen(one: UnknownName) -> str:
    if one.first_on is None or one.last_on is None:
        return ""
    first, last = words.day(one.first_on), words.day(one.last_on)
    return f"seen {first}" if first == last else f"seen {first} to {last}"


def beside(one: UnknownName, asked: Asked) -> str:
    """What is at stake beside teamless money: money that a team pays already, and work."""
    said = []
    if one.nanos != one.teamless:
        said.append(f"of {words.money(one.nanos, asked.currency)}")
    if one.items:
        said.append(f"on {words.plural(one.items, 'piece')} of work")
    return ", ".join(said)


def share_bar(nanos: int, total: int) -> dict[str, Any]:
    share = words.share_of(max(nanos, 0), total) if total > 0 else None
    width = min(share * 100, 100) if share is not None else 0
    return {
        "parts": [
            {"start": 0, "width": 100, "fill": "t"},
            {"start": 0, "width": width, "fill": "a"},
        ],
        "words": f"{words.percent(share, 0)} of the money without a team"
        if share is not None
        else "",
    }


def name_href(one: UnknownName, asked: Asked) -> str:
    try:
        ref = one.unknown.name.ref
    except BadNameError:
        return ""
    return f"{reverse('name')}{asked.state.query(('ref', ref))}"


def answer(found: Queue, rows: Sequence[Row], total: int, asked: Asked) -> SafeString:
    if not found.waiting:
        said = "No name at stake waits for an owner." if found.idle else "Every name has an owner."
        return format_html("{}", said)
    verb = "waits" if found.waiting == 1 else "wait"
    said = format_html(
        "{} {} for an owner; {} reaches no team.",
        words.bold(words.plural(found.waiting, "name")),
        verb,
        words.bold(words.money(total, asked.currency)),
    )
    ticked = sum(row.is_ticked for row in rows)
    if not ticked:
        return said
    noun = "has one likely owner" if ticked == 1 else "have one likely owner each"
    return format_html("{} {} of those below {}.", said, words.in_words(ticked).capitalize(), noun)


def empty(is_narrowed: str) -> dict[str, Any]:
    if is_narrowed:
        return {
            "title": "No name matches",
            "why": "Look for another, or choose another period.",
            "actions": [{"label": "All names", "href": reverse("people")}],
        }
    return {
        "title": "Nothing waits for an owner",
        "why": (
            "Whenever a bill, a log or a work item brings a name that nobody owns, it waits here, the dearest first, "
            "with a guess whose it is. The surest way to know people by all their names is a file."
        ),
        "steps": [
            "Write a CSV with a line per person: email, name, team, and identities such as github:ann;api_key:k1.",
            "Upload it. Names in it are owned from then on, those that left as well.",
            "What is still unknown is asked about here.",
        ],
        "actions": [
            {"label": "Upload a file of people", "href": "/setup/upload/"},
            {"label": "See who is known", "href": reverse("known-people")},
        ],
    }


def pages(found: Queue, asked: Asked, field: str, search: str, after: str) -> dict[str, str]:
    is_idle = bool(asked.request.GET.get(IDLE))
    kept = [("field", field), ("search", search), (IDLE, "1" if is_idle else "")]
    if not after and not found.next:
        return {}
    shown = found.waiting + found.idle if search else found.idle if is_idle else found.waiting
    return {
        "first_href": place_of(asked, *kept) if after else "",
        "next_href": place_of(asked, *kept, ("after", found.next)) if found.next else "",
        "words": f"{words.plural(shown, 'name')}, {PAGE} at a time",
    }


def place_of(asked: Asked, *pairs: tuple[str, str]) -> str:
    """The address of the queue with these parameters."""
    return f"{reverse('people')}{asked.state.query(*pairs)}"


def idle_words(found: Queue, asked: Asked, field: str) -> dict[str, str] | None:
    """How many names are left out of the queue, because nothing is at stake with them."""
    if not found.idle:
        return None
    noun, verb = ("name", "has") if found.idle == 1 else ("names", "have")
    return {
        "words": f"{found.idle} {'more ' if found.waiting else ''}{noun} {verb} no owner, but nothing is at stake:"
        " all of the money has a team by a tag, a rule or another name.",
        "href": place_of(asked, ("field", field), (IDLE, "1")),
    }


def field_tabs(asked: Asked, field: str, search: str) -> list[dict[str, Any]]:
    kinds = [("", "All"), *FIELD_TABS.items()]
    return [
        {
            "label": label,
            "href": f"{reverse('people')}{asked.state.query(('field', name), ('search', search))}",
            "current": name == field,
        }
        for name, label in kinds
    ]


def accept(request: HttpRequest, asked: Asked) -> HttpResponse:
    """One name by its own button, or all that are ticked."""
    try:
        numbers = [one] if (one := request.POST.get("one")) else request.POST.getlist("take")
        wanted = {
            request.POST.get(f"name-{n}", ""): request.POST.get(f"owner-{n}", "") for n in numbers
        }
        waiting = unknown_names(
            asked.state.period, names=list(wanted), limit=len(wanted) or 1
        ).names
        if not wanted:
            raise BadIdentityError("Tick at least one name, or accept one by its own button.")
        said = settle_names(waiting, wanted, asked, request)
        messages.success(request, said)
    except (BadIdentityError, BadOwnerError, BadNameError) as error:
        messages.error(request, str(error))
    return redirect(request.get_full_path())


def settle_names(
    waiting: Sequence[UnknownName], wanted: dict[str, str], asked: Asked, request: HttpRequest
) -> str:
    """Give each name its owner; return what that moves."""
    if len(waiting) < len(wanted):
        gone = sorted(set(wanted) - {one.token for one in waiting})
        raise BadIdentityError(f"{gone[0].partition(' ')[2]} has an owner by now. Look again.")
    confirmations = []
    for one, found in zip(waiting, candidates(waiting), strict=True):
        token = wanted[one.token]
        if not token:
            raise BadIdentityError(f"Choose whose {one.name} is.")
        owner = read_owner(token)
        reason = next((c.reason for c in found if c.owner == owner), ASKED_BY_HAND)
        confirmations.append(Confirmation(one.unknown.name, owner, reason))
    confirm(confirmations, by=signed_in_user(request), from_day=posted_day(request, "from_day"))
    return moved(waiting, [one.owner for one in confirmations], asked)


def moved(names: Sequence[UnknownName], owners: Sequence[Owner], asked: Asked) -> str:
    """$1,234 of October 2026 finds its team; the books are being brought up to date."""
    nanos = sum(one.teamless for one in names)
    period = words.period_name(asked.state.period)
    verb = "has an owner" if len(names) == 1 else "have owners"
    said = [f"{words.plural(len(names), 'name')} {verb} now."]
    if nanos > 0:
        most = "" if len(names) == 1 else "Up to "
        money = words.money(nanos, asked.currency)
        said.append(f"{most}{money} of {period} finds its team;")
        said.append("the books are being brought up to date.")
    else:
        said.append("The books are being brought up to date.")
    homeless = teamless_people([owner.person_id for owner in owners if owner.person_id])
    if homeless:
        who = words.listed(homeless)
        said.append(f"{who} is in no team yet: the money follows as soon as there is one.")
    return " ".join(said)
