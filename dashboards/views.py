"""The pages. A view reads who asks for what, lets the panels answer, and renders."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from dashboards import exports, groups, lines, menus, pages, panel, reconcile_words, words
from dashboards.asking import asked_by
from dashboards.bill_line import describe, payers, read_charge, wide
from dashboards.fates import kind_of
from dashboards.filters import token_of
from dashboards.known import known
from dashboards.pages import Page
from dashboards.panel import Asked
from dashboards.panels import reconcile_months, summary
from dashboards.reports import of_page, team_row, team_row_before, yardstick
from dashboards.setup.closing import as_closed_query, changes_words
from dashboards.slip import slip
from finops.attribution.queries import cells, receipts
from finops.attribution.queries.adjustments import Later, closing_of, later
from finops.attribution.queries.shapes import CellFilter, NotKnownError, Receipt, Scope, TeamRef
from finops.attribution.queries.witnesses import witnesses
from finops.periods import month_of

View = Callable[..., HttpResponse | StreamingHttpResponse]


def signed_in(view: View) -> View:
    """For readers who are signed in; what they get depends on them, so no cache may keep it."""
    return require_safe(cache_control(private=True, no_store=True)(login_required(view)))


@signed_in
def overview(request: HttpRequest) -> HttpResponse:
    """What did AI cost us, and what did it get us?"""
    asked = asked_by(request, "overview")
    if known(request).span is None:
        return render(request, "pages/welcome.html", {"page_title": "Overview", "asked": asked})
    return render_page(pages.OVERVIEW, asked, overview_head)


def overview_head(asked: Asked) -> dict[str, Any]:
    found = of_page(asked)
    now, before = found.now.total, found.before
    period = words.spoken_period(asked.state.period)
    return {
        "page_title": f"Overview, {words.period_name(asked.state.period)}",
        "question": f"What did AI cost us in {period}, and what did it get us?",
        "answer": summary.lead(now, before, asked),
        "strip": summary.strip(now, before, asked),
        "unconverted": summary.unconverted_words(found.now.unconverted, asked),
    }


@signed_in
def teams(request: HttpRequest) -> HttpResponse:
    """Which teams get what from it?"""
    asked = asked_by(request, "teams")
    found = known(request).visible_teams
    if asked.sight.teams is not None and len(found) == 1:
        return redirect(f"/teams/{found[0].slug}/{asked.state.query()}")
    return render_page(pages.TEAMS, asked, teams_head)


def teams_head(asked: Asked) -> dict[str, Any]:
    period = words.period_name(asked.state.period)
    return {
        "page_title": f"Teams, {period}",
        "question": f"What did each team spend on AI in {period}, and what came of it?",
        "answer": summary.teams_lead(asked),
    }


@signed_in
def team(request: HttpRequest, slug: str) -> HttpResponse:
    """What did my team's AI money buy, and what should I change?"""
    return render_page(pages.TEAM, asked_about_team(request, slug), team_head)


def team_head(asked: Asked) -> dict[str, Any]:
    name = asked.team.name if asked.team else asked.of
    now, before = team_row(asked), team_row_before(asked)
    period = words.period_name(asked.state.period)
    return {
        "page_title": f"{name}, {words.period_name(asked.state.period)}",
        "crumbs": [
            {"label": "Teams", "href": f"/teams/{asked.state.query()}"},
            {"label": name, "mark": menus.mark(asked.team) if asked.team else "none"},
        ],
        "question": f"What did {possessive(name)} AI money buy in {period}, and what should change?",
        "answer": format_html("{} {}", summary.lead(now, before, asked), groups.group_words(asked)),
        "strip": summary.strip(now, before, asked, yardstick(asked)),
    }


@signed_in
def receipt(request: HttpRequest, item_id: int) -> HttpResponse:
    """What did this work item cost, and why do we say so?"""
    asked = asked_about_item(request, item_id)
    context = {
        **kept_head(asked, receipt_head),
        "panels": [panel.render(part, asked)[0] for part in pages.RECEIPT.panels],
    }
    return render(request, "pages/receipt.html", context)


def receipt_head(asked: Asked) -> dict[str, Any]:
    found: Receipt = asked.subject
    noun = kind_of(found.kind).outcome.partition(" ")[2] or "outcome"
    return {
        "page_title": f"Receipt, {found.external_id}",
        "has_charts": True,
        "scope": f"all dates · {asked.state.cost}, {asked.currency}",
        "noun": noun,
        "asked_cost": f"{asked.state.cost}, {asked.currency}",
        "slip": slip(found, asked),
    }


@signed_in
def lines_page(request: HttpRequest) -> HttpResponse:
    """Which lines are behind a figure?"""
    return render(request, "pages/lines.html", kept_head(asked_by(request, "lines"), lines_found))


def lines_found(asked: Asked) -> dict[str, Any]:
    want = lines.wanted(asked)
    return {
        "page_title": f"Lines, {words.period_name(asked.state.period)}",
        "question": "Which lines are behind it?",
        **lines.show(lines.fetch(asked, want), want, asked),
        **around(asked, lines.pairs_of(asked)),
    }


@signed_in
def lines_export(request: HttpRequest) -> StreamingHttpResponse:
    """The same lines, all of them, as a file."""
    asked = asked_by(request, "lines")
    return exports.streamed(lines.exported(asked, lines.wanted(asked)), "outlay lines")


@signed_in
def line(request: HttpRequest, charge: str) -> HttpResponse:
    """One line of a bill: every column, the vendor's own text, and where its money went."""
    asked = asked_by(request, "lines", of=charge)
    return render(request, "pages/line.html", kept_head(asked, line_found))


def line_found(asked: Asked) -> dict[str, Any]:
    charged_on, charge_id = read_charge(asked.of)
    found = cells.charge(charged_on, charge_id)
    if found is None:
        raise Http404("There is no such line.")
    went = cells.cells(
        Scope(wide(found, charged_on), asked.sight.teams, asked.state.cost),
        CellFilter(charge_id=charge_id),
        limit=lines.PAGE,
    )
    if asked.sight.teams is not None and not went.rows:
        raise Http404("There is no such line.")
    return {
        "page_title": f"Bill line {asked.of}",
        **describe(found, went, witnesses(charged_on, charge_id), asked),
        "charge": asked.of,
        "payers": payers(went, asked),
    }


@signed_in
def reconcile(request: HttpRequest) -> HttpResponse:
    """Does it tie to the invoice? For those who see all money."""
    asked = asked_by(request, "reconcile")
    for_finance(asked)
    page = pages.RECONCILE
    parts = [panel.render(part, asked)[0] for part in page.panels]
    context = {**kept_head(asked, reconcile_head), "panels": parts, "has_charts": True}
    about = known(request)
    place = menus.Place(request.path)
    context["filters"] = [menus.period_menu(asked.state, place, about.span)]
    return render(request, "pages/page.html", context)


def reconcile_head(asked: Asked) -> dict[str, Any]:
    lines = reconcile_months.ask(asked)
    return {
        "page_title": f"Reconcile, {words.period_name(asked.state.period)}",
        "question": "Does what we were billed tie to what the vendors ask for?",
        "answer": reconcile_words.lead(lines) if lines else "",
        "problems": asked.state.problems,
        "scope": words.period_name(reconcile_months.months_of(asked)),
    }


def for_finance(asked: Asked) -> None:
    """Refuse everybody who does not see all money."""
    if asked.sight.teams is not None:
        raise PermissionDenied


@signed_in
def one_panel(request: HttpRequest, page: str, slug: str) -> HttpResponse:
    """A panel by itself: a fragment for htmx, a whole page for everybody else."""
    part, asked = found_panel(request, page, slug)
    html, ok = panel.render(part, asked)
    status = 200 if ok else 500
    if request.headers.get("HX-Request"):
        return HttpResponse(html, status=status)
    period = words.period_name(asked.state.period)
    name = asked.team.name if asked.team else asked.page.capitalize()
    home = {"label": name, "href": f"{asked.home}{asked.state.query()}"}
    context = {
        "page_title": part.question,
        "crumbs": [home, {"label": part.question}],
        "question": f"One part of the page by itself, {period}",
        "panel_html": html,
        "has_charts": True,
    }
    return render(request, "pages/panel.html", context | around(asked), status=status)


@signed_in
def panel_rows(request: HttpRequest, page: str, slug: str) -> HttpResponse:
    """The rows of a panel as a file."""
    part, asked = found_panel(request, page, slug)
    if part.table is None:
        raise Http404("This panel has no rows.")
    name = " ".join(
        ("outlay", asked.of, slug, token_of(asked.state.period), asked.state.known_text)
    )
    try:
        rows = part.table(part.ask(asked), asked)
    except NotKnownError as error:
        raise Http404(str(error)) from None
    return exports.as_file(rows, name)


def found_panel(request: HttpRequest, page_slug: str, slug: str) -> tuple[panel.Panel, Asked]:
    page = pages.PAGES.get(page_slug)
    part = page.panel(slug) if page else None
    if part is None:
        raise Http404("There is no such panel.")
    of = request.GET.get("of") or ""
    if page_slug == "team":
        return part, asked_about_team(request, of)
    if page_slug == "receipt":
        if not of.isdecimal() or len(of) > 18:
            raise Http404("There is no such item.")
        return part, asked_about_item(request, int(of))
    asked = asked_by(request, page_slug)
    if page_slug == pages.RECONCILE.slug:
        for_finance(asked)
    return part, asked


def asked_about_team(request: HttpRequest, slug: str) -> Asked:
    """404 for a team that does not exist and for one that the asker may not see alike."""
    asked = asked_by(request, "team", of=slug)
    ref = next((t for t in known(request).visible_teams if t.slug == slug), None)
    if ref is None:
        raise Http404("There is no such team.")
    return replace(asked, team=ref)


def asked_about_item(request: HttpRequest, item_id: int) -> Asked:
    """404 unless one of the teams that did the work or paid for it may be seen."""
    asked = asked_by(request, "receipt", of=str(item_id))
    found: Any = SimpleLazyObject(
        lambda: receipts.receipt(item_id, cost=asked.state.cost, now=asked.now)
    )
    about = known(request).kept(("concerned", item_id, asked.state.cost), lambda: concerned(found))
    if not any(asked.sight.sees(team.id) for team in about):
        raise Http404("There is no such item.")
    return replace(asked, subject=found)


def concerned(found: Receipt | None) -> list[TeamRef]:
    """The teams that did the work and those that paid for it; none of an unknown item."""
    return [found.team, *(payer for payer, _ in found.payers)] if found else []


Head = Callable[[Asked], dict[str, Any]]


def kept_head(asked: Asked, head: Head) -> dict[str, Any]:
    """The part of a page's context that its address and the sight decide."""
    about = known(asked.request)
    part = (head.__name__, asked.request.path, asked.state, about.params)
    return about.kept(part, lambda: head(asked))


def render_page(page: Page, asked: Asked, head: Head) -> HttpResponse:
    """The head of the page, its first panels, and the places of the others."""
    context = kept_head(asked, head)
    parts: list[SafeString] = []
    for i, part in enumerate(page.panels):
        parts.append(
            panel.render(part, asked)[0] if i < page.eager else panel.render_waiting(part, asked)
        )
    context = {**context, "panels": parts, "has_charts": True}
    return render(asked.request, "pages/page.html", context | around(asked))


def around(asked: Asked, kept: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """The filter bar, what was wrong in the address, and the scope in words for paper."""
    about = known(asked.request)
    part = ("around", asked.request.path, asked.of, asked.state, tuple(kept))
    return about.kept(part, lambda: bar(asked, kept))


def bar(asked: Asked, kept: Sequence[tuple[str, str]]) -> dict[str, Any]:
    about = known(asked.request)
    teams = [] if asked.team else [t for t in about.visible_teams if not t.is_group]
    place = menus.Place(asked.request.path, tuple(kept))
    bar = menus.menus(asked.state, place, teams, about.span, asked.currency)
    return {
        "filters": [*bar, *groups.tree_menu(asked, place)],
        "problems": asked.state.problems,
        "known": known_words(asked),
        "closed": closed_words(asked),
        "scope": menus.scope_words(asked.state, asked.currency, asked.team),
    }


def known_words(asked: Asked) -> dict[str, str]:
    """What a page of the past says of itself; empty for one of today."""
    moment = asked.state.known_on
    if moment is None:
        return {}
    now = asked.state.as_known_now()
    return {
        "words": f"As known on {words.moment(moment, 'UTC')} UTC.",
        "href": f"{asked.request.path}{now.query()}",
    }


def closed_words(asked: Asked) -> dict[str, str]:
    """That the page's month is closed, and for those who see all money what came since."""
    state = asked.state
    if state.known_on or state.period != month_of(state.period.start):
        return {}
    closing = closing_of(state.period.start)
    if closing is None:
        return {}
    said = "It shows what is known now."
    if asked.sight.teams is None:
        since = later(closing.month).get(closing.pk, Later())
        said = f"{changes_words(since, asked.currency)}. {said}"
    return {
        "title": f"{words.period_name(state.period)} is closed.",
        "words": said,
        "href": f"{asked.request.path}{as_closed_query(closing)}",
    }


@require_safe
@cache_control(public=True, max_age=86_400)
def icon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this one wherever no page head names another."""
    return redirect(static("img/icon.svg"))


def possessive(name: str) -> str:
    return f"{name}’" if name.endswith("s") else f"{name}’s"
