"""Setup > Sources: which accounts are connected, how they are doing, and what they brought."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from billing_ingest import actions, backfill, wording
from billing_ingest.access import for_administrators, for_uploaders, may_administer
from billing_ingest.connector import Connector
from billing_ingest.forms import PullForm, SourceForm, first_day_to_pull
from billing_ingest.history import history
from billing_ingest.models import Job
from billing_ingest.pull import try_out
from billing_ingest.registry import CONNECTORS, connector
from billing_ingest.sources import (
    Alert,
    SourceRow,
    connectors_to_connect,
    job_alerts,
    source_row,
    source_rows,
    with_facts,
)
from billing_ingest.token_views import sending
from finops.ledger.models import Source
from finops.outside.http import Http, HttpError

# Somebody waits for the answer of a test: no long patience with the vendor.
TEST_SECONDS = 15.0
NAMES_MOST = 3


@require_GET
@for_uploaders
def sources(request: HttpRequest) -> HttpResponseBase:
    """All sources with their state, and what else can be connected."""
    rows = source_rows(timezone.now())
    context = {
        "page_title": "Sources",
        "answer": answer(rows, [alert for alert in job_alerts() if not alert.source_key]),
        "rows": rows,
        "connectors": connectors_to_connect(),
        "time_zone": timezone.get_current_timezone_name(),
        "can_administer": may_administer(request),
    }
    return render(request, "setup/sources.html", context)


def answer(rows: list[SourceRow], failures: list[Alert]) -> SafeString:
    """The page's answer: how many sources are late, in the count of the top bar; who needs what."""
    if not rows:
        return format_html("{}", "Nothing is connected yet. Upload a file or connect a vendor.")
    said = [lateness(rows)]
    empty = [row.source.name for row in rows if row.fresh and not row.complete_to]
    if empty and any(row.complete_to for row in rows):
        said.append(format_html("Nothing came from {} yet.", named(empty)))
    waiting = [row.source.name for row in rows if row.needs_somebody]
    if waiting:
        needs = "needs" if len(waiting) == 1 else "need"
        said.append(format_html("<b>{}</b> {} attention.", named(waiting), needs))
    said += [format_html("{}.", failure.words.partition(":")[0]) for failure in failures]
    if not (waiting or failures or any(row.is_late for row in rows)):
        said.append(format_html("{}", "Nothing needs attention."))
    return format_html_join(" ", "{}", ((sentence,) for sentence in said))


def lateness(rows: list[SourceRow]) -> SafeString:
    """2 of 8 sources are late: Cursor and OpenAI. Those without days are named beside them."""
    dated = [row for row in rows if row.complete_to]
    late = [row.source.name for row in dated if row.is_late]
    others = [row.source.name for row in rows if not row.fresh]
    beside = f"; {named(others)} without days of {'its' if len(others) == 1 else 'their'} own"
    if not others:
        beside = ""
    total = wording.plural(len(dated), "source")
    if not dated:
        return format_html("{}", "No source has brought money, logs or work yet.")
    if not late:
        verb = "is" if len(dated) == 1 else "are"
        return format_html("<b>{} {} up to date</b>{}.", total, verb, beside)
    verb = "is" if len(late) == 1 else "are"
    return format_html(
        "<b>{} of {} {} late</b>: {}{}.", len(late), total, verb, named(late), beside
    )


def named(names: list[str]) -> str:
    """The names, at most three of them: A, B, C and 4 more."""
    more = [f"{len(names) - NAMES_MOST} more"] if len(names) > NAMES_MOST else []
    return wording.listed([*names[:NAMES_MOST], *more])


@sensitive_post_parameters("secret", "webhook_secret")
@for_administrators
def connect(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Connect an account of a vendor."""
    vendor = vendor_of(slug)
    form = SourceForm(vendor, None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        source = form.save(timezone.now())
        messages.success(request, connected_words(source, backfill.begin(source, timezone.now())))
        return redirect("source", source.key)
    context = {
        "page_title": f"Connect {vendor.label}",
        "form": form,
        "vendor": vendor,
        "brings": wording.listed(list(vendor.brings)),
    }
    return render(request, "setup/connect.html", context)


def connected_words(source: Source, job: Job | None) -> str:
    if job is None:
        return f"{source.name} is connected."
    first = date.fromisoformat(job.args["begun"])
    words = f"What it still has since {first.day} {first:%B %Y} is being pulled, the oldest first."
    return f"{source.name} is connected. {words}"


@sensitive_post_parameters("secret", "webhook_secret")
@for_uploaders
def source(request: HttpRequest, key: str) -> HttpResponseBase:
    """One source: its state, its settings, and the history of its imports."""
    found = get_object_or_404(with_facts(Source.objects.filter(key=key)))
    form = None
    if may_administer(request) and found.connector in CONNECTORS:
        form = SourceForm(connector(found.connector), found, request.POST or None)
    if request.method == "POST":
        return save_source(request, found, form)
    return render(request, "setup/source.html", source_context(request, found, form))


@for_administrators
def save_source(request: HttpRequest, found: Source, form: SourceForm | None) -> HttpResponseBase:
    if form is None:
        raise Http404
    if not form.is_valid():
        return render(request, "setup/source.html", source_context(request, found, form))
    form.save(timezone.now())
    messages.success(request, "Saved.")
    return redirect("source", found.key)


def source_context(request: HttpRequest, found: Source, form: SourceForm | None) -> dict[str, Any]:
    now = timezone.now()
    row = source_row(found, now)
    vendor = connector(found.connector) if found.connector in CONNECTORS else None
    first_day = first_day_to_pull(row.complete_to, now.date())
    return {
        "page_title": found.name,
        "row": row,
        "form": form,
        "vendor": vendor,
        "can_pull": bool(vendor and vendor.fetch and form),
        "pull_form": PullForm(initial={"first_day": first_day}),
        "backfill": backfill_context(found),
        "webhook_path": webhook_path(request, found, vendor),
        "history": history(found, request.GET.get("before", "")),
        "can_administer": form is not None,
        **(sending(request, found) if form is not None else {}),
    }


def webhook_path(request: HttpRequest, found: Source, vendor: Connector | None) -> str:
    """The full address to enter at the vendor; empty when it sends no events."""
    if vendor is None or vendor.webhook is None:
        return ""
    return request.build_absolute_uri(reverse("webhook", args=[found.key]))


@require_POST
@for_administrators
def run_now(request: HttpRequest, key: str) -> HttpResponseBase:
    """Queue a pull from the given day on."""
    found = get_object_or_404(Source, key=key)
    form = PullForm(request.POST)
    try:
        if not form.is_valid():
            raise actions.NotPossibleError("Give the day to pull from, as YYYY-MM-DD.")
        actions.pull_now(found, form.cleaned_data["first_day"], timezone.now())
        messages.success(request, f"{found.name} is being pulled. What comes shows up below.")
    except actions.NotPossibleError as error:
        messages.error(request, str(error))
    return redirect("source", key)


def backfill_context(found: Source) -> dict[str, Any] | None:
    """The component `progress` of a back-fill that is under way or stopped; None without one."""
    far = backfill.progress_of(found)
    if far is None or not (far.is_open or far.has_failed):
        return None
    words = f"{far.day:%B %Y}: {far.done} of {wording.plural(far.days, 'day')} are here"
    if far.has_failed:
        words = f"Stopped at {far.day:%B %Y}; what came before that is here"
    href = reverse("backfill", args=[found.key]) if far.is_open else ""
    return {"words": words, "value": far.done, "max": far.days, "poll_href": href}


@for_uploaders
def history_progress(request: HttpRequest, key: str) -> HttpResponseBase:
    """How far the back-fill is, asked every few seconds; a POST begins it, or goes on."""
    found = get_object_or_404(Source, key=key)
    if request.method == "POST":
        return begin_backfill(request, found)
    context = {"progress": backfill_context(found)}
    return render(request, "setup/backfill.html", context)


@for_administrators
def begin_backfill(request: HttpRequest, found: Source) -> HttpResponseBase:
    if backfill.begin(found, timezone.now()) is None:
        messages.error(request, f"A pull of {found.name} is under way already.")
    return redirect("source", found.key)


@require_POST
@for_administrators
def test(request: HttpRequest, key: str) -> HttpResponseBase:
    """Ask the vendor for a day and say in its own words whether that works."""
    found = get_object_or_404(Source, key=key)
    http = Http(sleep=lambda _: None, total_seconds=TEST_SECONDS, read_seconds=TEST_SECONDS)
    try:
        try_out(found, timezone.now().date(), http=http)
        messages.success(request, f"{found.name} answers. The key works.")
    except HttpError as error:
        messages.error(request, f"{found.name} says: {error}")
    return redirect("source", key)


def vendor_of(slug: str) -> Connector:
    """Raises Http404 for a vendor that is not connected by a form."""
    for known in connectors_to_connect():
        if known.slug == slug:
            return known
    raise Http404(f"{slug} cannot be connected")
