"""Setup > Teams: the tree on a day, who belonged where and when, and the file of it all."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from dashboards import exports, words
from dashboards.known import known
from dashboards.setup.forms import days_words, posted_day
from dashboards.setup.guard import administered
from finops.attribution.actions import teams as actions
from finops.attribution.actions.identities import BadIdentityError
from finops.attribution.actions.teams import BadTeamError
from finops.attribution.queries import team_tree
from finops.attribution.queries.organisation import team_rows_by_slug
from finops.attribution.queries.shapes import Scope
from finops.attribution.queries.unit_costs import unit_cost
from finops.people.access import placements
from finops.people.models import Person, Team
from finops.people.tree import parents_on, with_below
from finops.periods import Period, month_of

SOON = "The figures follow within a minute."
NAMES_MAX = 500


@administered
def tree(request: HttpRequest) -> HttpResponse:
    """The teams as they stood on a day, and what each spent in its month."""
    if request.method == "POST":
        return answered(request, lambda: create(request), "team-tree")
    day, problem = asked_day(request)
    if problem:
        messages.error(request, problem)
    rows = team_tree.tree_on(day)
    month = month_with_money(request, day)
    context = {
        "page_title": "Teams",
        "answer": answer(rows, day, known(request).now.date()),
        "rows": tree_rows(request, rows, day, month),
        "day": f"{day}",
        "month": words.period_name(month),
        "teams": [row.team for row in rows],
        "can_administer": True,
    }
    return render(request, "setup/teams.html", context)


def month_with_money(request: HttpRequest, day: date) -> Period:
    """The month of the day, or the last one before it that the books reach."""
    span = known(request).span
    return month_of(day if span is None else max(span.start, min(day, span.last_day)))


def asked_day(request: HttpRequest) -> tuple[date, str]:
    """The day of the address, else today; and what was wrong with it."""
    text, today = request.GET.get("day") or "", known(request).now.date()
    try:
        return (date.fromisoformat(text) if text else today), ""
    except ValueError:
        return today, f"{text!r} is not a day; write it like 2026-10-31."


def answer(rows: list[team_tree.TreeRow], day: date, today: date) -> SafeString:
    when = "today" if day == today else f"on {words.day(day, year=True)}"
    if not rows:
        return format_html("{}", "There is no team yet. Make one, or upload a file of people.")
    people = sum(row.people for row in rows)
    return format_html(
        "{} with {} {}.",
        words.bold(words.plural(len(rows), "team")),
        words.bold(words.plural(people, "person", "people")),
        when,
    )


def tree_rows(
    request: HttpRequest, rows: list[team_tree.TreeRow], day: date, month: Period
) -> list[dict[str, Any]]:
    """Each team with its own money of the month, and for a team of teams all that is below it."""
    about = known(request)
    report = unit_cost(Scope(month), by="team", now=about.now)
    spent = {row.team.id: row.spend for row in report.rows if row.team}
    placed = placements()
    found = []
    for row in rows:
        below = with_below(placed, [row.team.pk], day)
        together = sum(spent.get(team, 0) for team in below)
        found.append(
            {
                "team": row.team,
                "mark": str(row.team.color or "none"),
                "depth": min(row.depth, 5),
                "people": words.count(row.people),
                "own": words.money(spent.get(row.team.pk, 0), report.currency, cents=True),
                "together": words.money(together, report.currency, cents=True)
                if len(below) > 1
                else "",
            }
        )
    return found


def create(request: HttpRequest) -> str:
    teams = team_rows_by_slug()
    made = actions.create_team(
        request.POST.get("name", ""),
        cost_center=request.POST.get("cost_center", ""),
        parent=chosen(request, "parent", teams),
        since=posted_day(request, "since"),
    )
    return f"{made.name} is a team now."


@administered
def team(request: HttpRequest, slug: str) -> HttpResponse:
    """One team: its name, its place and its people, each with days."""
    teams = team_rows_by_slug()
    if slug not in teams:
        raise Http404("There is no such team.")
    found = teams[slug]
    if request.method == "POST":
        acts: dict[str, Callable[[], str]] = {
            "rename": lambda: rename(request, found),
            "place": lambda: place(request, found, teams),
            "join": lambda: join(request, found),
            "leave": lambda: leave(request, found),
        }
        act = acts.get(request.POST.get("do", ""))
        if act is None:
            raise Http404("There is nothing to do like that.")
        return answered(request, act, "team-setup", slug)
    return render(request, "setup/team.html", team_context(request, found, teams))


def team_context(request: HttpRequest, found: Team, teams: Mapping[str, Team]) -> dict[str, Any]:
    today = known(request).now.date()
    stays = team_tree.stays_in(found)
    here = [stay for stay in stays if stay.holds(today)]
    parent = parents_on(placements(), today).get(found.pk)
    parents = {team.pk: team for team in teams.values()}
    return {
        "page_title": found.name,
        "team": found,
        "mark": str(found.color or "none"),
        "parent": parents.get(parent) if parent else None,
        "count": words.plural(len(here), "person", "people"),
        "others": [team for team in teams.values() if team != found],
        "places": [
            {"parent": p.parent.name, "days": days_words(p.valid_from, p.valid_to)}
            for p in team_tree.places_of(found)
        ],
        "stays": [
            {
                "person": stay.person,
                "days": days_words(stay.valid_from, stay.valid_to),
                "is_here": stay.holds(today),
                "is_over": stay.valid_to is not None and stay.valid_to <= today,
            }
            for stay in stays
        ],
        "today": f"{today}",
        "can_administer": True,
    }


def rename(request: HttpRequest, found: Team) -> str:
    name, center = request.POST.get("name", ""), request.POST.get("cost_center", "")
    changed = actions.change_team(found, name=name, cost_center=center)
    return f"{changed.name} is kept."


def place(request: HttpRequest, found: Team, teams: Mapping[str, Team]) -> str:
    parent, since = chosen(request, "parent", teams), posted_day(request, "since")
    actions.place_team(found, parent, since)
    when = f"from {words.day(since, year=True)} on" if since else "from the beginning"
    return f"{found.name} stands {f'under {parent.name}' if parent else 'under no team'} {when}."


def join(request: HttpRequest, found: Team) -> str:
    """Put the people with these e-mails into the team."""
    emails = request.POST.get("emails", "").replace(",", " ").replace(";", " ").split()
    people = people_of(emails)
    since = posted_day(request, "since")
    for person in people:
        actions.set_team_of(person, found, since)
    return f"{words.plural(len(people), 'person', 'people')} moved to {found.name}. {SOON}"


def leave(request: HttpRequest, found: Team) -> str:
    """End one person's stay."""
    (person,) = people_of([request.POST.get("email", "")])
    actions.set_team_of(person, None, posted_day(request, "since") or known(request).now.date())
    return f"{person} belongs to {found.name} no more. {SOON}"


def people_of(emails: list[str]) -> list[Person]:
    if not emails:
        raise BadTeamError("Say who: one e-mail per line.")
    if len(emails) > NAMES_MAX:
        raise BadTeamError(f"{NAMES_MAX} people at most at once; a file takes more.")
    found = team_tree.people_by_email(emails)
    if unknown := [email for email in emails if email.lower() not in found]:
        raise BadTeamError(
            f"Nobody is known as {words.listed(unknown[:5])}. A file of people makes them known."
        )
    return list(found.values())


def chosen(request: HttpRequest, name: str, teams: Mapping[str, Team]) -> Team | None:
    """The team that a form names; None for none."""
    slug = request.POST.get(name, "")
    if slug and slug not in teams:
        raise BadTeamError(f"There is no team {slug!r}.")
    return teams.get(slug)


def answered(request: HttpRequest, act: Callable[[], str], then: str, *where: str) -> HttpResponse:
    """Do it and say so, or say why not."""
    try:
        messages.success(request, act())
    except (BadTeamError, BadIdentityError) as error:
        messages.error(request, str(error))
    return redirect(then, *where)


@require_safe
@administered
def people_file(request: HttpRequest) -> StreamingHttpResponse:
    """People, stays and names as the file that the upload reads."""
    return exports.streamed(team_tree.people_rows(), "outlay people")
