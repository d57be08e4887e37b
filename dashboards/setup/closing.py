"""Closing: which months are closed, what has changed in them since, and their journals."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from dashboards import exports, menus, words
from dashboards.known import Known, known
from dashboards.panel import Table
from dashboards.setup.guard import View, guarded, signed_in_user
from finops.attribution.actions.closing import (
    ClosingError,
    close_month,
    open_questions,
    reopen_month,
)
from finops.attribution.models import Closing
from finops.attribution.queries.adjustments import (
    Adjustment,
    Later,
    adjustments,
    closing_of,
    closings,
    later,
)
from finops.attribution.queries.books import Books, read_books_by
from finops.attribution.queries.journal import COLUMNS, journal
from finops.attribution.queries.journal_asked import journal_asked
from finops.attribution.queries.shapes import NotKnownError, Scope
from finops.periods import Period, month_of

ADJUSTMENTS_SHOWN = 200


def for_finance(view: View) -> View:
    """Finance and administrators look and act."""
    return guarded(view, lambda sight, _is_read: sight.teams is None)


@require_safe
@for_finance
def months(request: HttpRequest) -> HttpResponse:
    """Every month of the books: open, closed, or closed and changed since."""
    about = known(request)
    held = {c.month: c for c in closings() if c.reopened_at is None}
    since = later() if held else {}
    rows = [month_row(month, books, held.get(month), since, about) for month, books in spent(about)]
    context = {
        "page_title": "Closing",
        "question": "Which months are closed, and what has changed since?",
        "answer": months_answer(rows),
        "rows": rows,
    }
    return render(request, "closing/months.html", context)


def spent(about: Known) -> list[tuple[date, Books]]:
    """The months of the books with their figures, the newest first."""
    if about.span is None:
        return []
    span = Period(month_of(about.span.start).start, month_of(about.span.last_day).end)
    found = read_books_by("month", Scope(span), now=about.now)
    return [(month, found.get(month, Books())) for month in reversed(list(span.months()))]


def month_row(
    month: date, books: Books, closing: Closing | None, since: dict[int, Later], about: Known
) -> dict[str, Any]:
    currency = about.organisation.reporting_currency
    changed = since.get(closing.pk, Later()) if closing else Later()
    total = sum(books.spend.values())
    provisional = sum(m.nanos for m in books.money if m.is_provisional)
    return {
        "slug": f"{month:%Y-%m}",
        "name": f"{month:%B %Y}",
        "total": words.money(total, currency, cents=True),
        "provisional": words.money(provisional, currency, cents=True) if provisional else "",
        "state": state_of(month, closing, about),
        "closed": closing is not None,
        "as_closed": words.money(total - changed.nanos, currency, cents=True) if closing else "",
        "changes": changes_words(changed, currency) if closing else "",
        "changed": changed.lines > 0,
    }


def state_of(month: date, closing: Closing | None, about: Known) -> str:
    if closing:
        by = f" by {closing.closed_by.get_username()}" if closing.closed_by else ""
        return f"Closed {words.day(closing.closed_at.date(), year=True)}{by}"
    return "Open" if month_of(month).end <= about.now.date() else "Not over yet"


def changes_words(changed: Later, currency: str) -> str:
    """2 adjustments since: +$11.00."""
    if not changed.lines:
        return "Nothing since"
    count = words.plural(changed.lines, "adjustment")
    return f"{count} since: {words.money(changed.nanos, currency, cents=True, signed=True)}"


def months_answer(rows: list[dict[str, Any]]) -> SafeString:
    if not rows:
        return format_html("{}", "There are no books yet, so there is nothing to close.")
    closed = [row for row in rows if row["closed"]]
    changed = [row for row in closed if row["changed"]]
    return format_html(
        "{} of {} {} closed. {}.",
        words.bold(str(len(closed))),
        words.plural(len(rows), "month"),
        "is" if len(closed) == 1 else "are",
        f"{words.plural(len(changed), 'of them has', 'of them have')} changed since"
        if changed
        else "None of them has changed since"
        if closed
        else "Close a month when its bills are in",
    )


@require_safe
@for_finance
def month(request: HttpRequest, slug: str) -> HttpResponse:
    """One month: close it, or see what changed since, reopen it, and take its journal away."""
    return shown(request, month_named(slug))


@require_POST
@for_finance
def close(request: HttpRequest, slug: str) -> HttpResponse:
    first = month_named(slug)
    note = request.POST.get("note", "")[:2000]
    try:
        close_month(first, by=signed_in_user(request), now=timezone.now(), note=note)
    except ClosingError as error:
        return shown(request, first, obstacles=error.obstacles, note=note)
    messages.success(request, f"{first:%B %Y} is closed. What comes later is an adjustment.")
    return redirect("closing-month", slug)


@require_POST
@for_finance
def reopen(request: HttpRequest, slug: str) -> HttpResponse:
    first, why = month_named(slug), request.POST.get("why", "")[:2000]
    try:
        reopen_month(first, by=signed_in_user(request), now=timezone.now(), why=why)
    except ClosingError as error:
        return shown(request, first, obstacles=error.obstacles)
    messages.success(request, f"{first:%B %Y} is open again. Its report as closed stays.")
    return redirect("closing-month", slug)


def shown(
    request: HttpRequest, first: date, *, obstacles: tuple[str, ...] = (), note: str = ""
) -> HttpResponse:
    about = known(request)
    closing = closing_of(first)
    zone = about.organisation.time_zone
    found = adjustments(closing) if closing else []
    context = {
        "page_title": f"Closing, {first:%B %Y}",
        "crumbs": [{"label": "Closing", "href": "/reconcile/close/"}, {"label": f"{first:%B %Y}"}],
        "slug": f"{first:%Y-%m}",
        "name": f"{first:%B %Y}",
        "question": f"{first:%B %Y}: closed, and as it was?",
        "answer": month_answer(first, closing, found, about),
        "closing": closing,
        "is_over": month_of(first).end <= about.now.date(),
        "obstacles": obstacles,
        "warnings": [] if closing else open_questions(month_of(first), about.now),
        "note": note,
        "closed_moment": words.moment(closing.closed_at, zone) if closing else "",
        "as_closed": as_closed_query(closing),
        "adjustments": adjustment_rows(found[:ADJUSTMENTS_SHOWN], about),
        "hidden": max(len(found) - ADJUSTMENTS_SHOWN, 0),
        "sum": words.money(
            sum(a.nanos for a in found), currency_of(about), cents=True, signed=True
        ),
        "past": [past_row(c, zone) for c in closings() if c.month == first and c.reopened_at],
    }
    return render(request, "closing/month.html", context, status=400 if obstacles else 200)


def month_answer(
    first: date, closing: Closing | None, found: list[Adjustment], about: Known
) -> SafeString:
    if closing is None:
        over = month_of(first).end <= about.now.date()
        return format_html("{}", "It is open." if over else "It is not over yet.")
    changed = Later(len(found), sum(a.nanos for a in found))
    return format_html(
        "{}. {}.", state_of(first, closing, about), changes_words(changed, currency_of(about))
    )


def adjustment_rows(found: list[Adjustment], about: Known) -> list[dict[str, Any]]:
    texts, _ = words.column(
        [a.nanos for a in found], sum(a.nanos for a in found), currency_of(about), cents=True
    )
    zone = about.organisation.time_zone
    return [
        {
            "known": words.moment(a.known_at, zone),
            "day": words.day(a.day),
            "team": "All teams, shared" if a.is_shared else a.team.name,
            "mark": "none" if a.is_shared else menus.mark(a.team),
            "cause": a.cause,
            "text": text,
        }
        for a, text in zip(found, texts, strict=True)
    ]


def past_row(closing: Closing, zone: str) -> dict[str, str]:
    by = closing.reopened_by.get_username() if closing.reopened_by else ""
    return {
        "closed": words.moment(closing.closed_at, zone),
        "reopened": words.moment(closing.reopened_at, zone) if closing.reopened_at else "",
        "by": by,
        "why": closing.reopened_why,
        "as_closed": as_closed_query(closing),
    }


def as_closed_query(closing: Closing | None) -> str:
    """The state of a page that shows a month as it was closed."""
    if closing is None:
        return ""
    moment = closing.known_at.isoformat().replace("+00:00", "Z")
    return f"?period={closing.month:%Y-%m}&known_on={moment}"


def currency_of(about: Known) -> str:
    return about.organisation.reporting_currency


@require_safe
@for_finance
def journal_file(request: HttpRequest, slug: str) -> HttpResponse:
    """The journal of a month as a file: whole, what changed since it was closed, or a reversal."""
    get = request.GET.get
    try:
        asked = journal_asked(
            month_named(slug),
            known_on=get("known_on") or "",
            since=get("since") or "",
            cost="effective" if get("cost") == "effective" else "billed",
            is_accrued=get("accrue") == "1",
            is_reversed=get("reverse") == "1",
            now=timezone.now(),
        )
    except NotKnownError as error:
        raise Http404(str(error)) from None
    parts = [
        "outlay journal", slug, "adjustments" if asked.since else "",
        "as closed" if get("known_on") == "closing" else "", "reversal" if asked.is_reversed else "",
    ]  # fmt: skip
    rows = [line.row() for line in journal(asked)]
    return exports.as_file(Table(COLUMNS, rows), " ".join(filter(None, parts)))


def month_named(slug: str) -> date:
    try:
        return date.fromisoformat(f"{slug}-01")
    except ValueError:
        raise Http404("There is no such month.") from None
