"""Setup > Upload: drop files, see what they hold and would change, say yes, watch it happen.

The page is its address: `?imports=3,4` names the files, so closing the tab loses nothing.
"""

import csv
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from billing_ingest import actions, load, together
from billing_ingest.access import for_uploaders, may_administer, user_of
from billing_ingest.card import Card
from billing_ingest.forms import TargetForm, UploadForm
from billing_ingest.history import superseded_by
from billing_ingest.models import Job
from billing_ingest.payers import payers
from billing_ingest.sources import file_kinds
from finops.ledger.models import Import, Slice, Source
from finops.outside.archive import TooLargeError

MOST_FILES = 50
KINDS = "CSV, TSV, XLSX, Parquet, JSON, JSONL, also in gz, zst or zip"
STEPS = ("Choose", "Check", "Confirm", "Result")
ERROR_COLUMNS = ("file", "line", "column", "found", "expected", "message", "fix", "code")


@for_uploaders
def upload(request: HttpRequest) -> HttpResponseBase:
    """The drop zone and the files that were dropped before."""
    ids = ids_of(request.GET.get("imports", ""))
    if request.method == "POST":
        return take_files(request, ids)
    return show(request, ids)


@require_GET
@for_uploaders
def import_page(request: HttpRequest, imp_id: int) -> HttpResponseBase:
    """One import, whenever and however it came."""
    get_object_or_404(Import.objects.only("pk"), pk=imp_id)
    return show(request, [imp_id])


def show(request: HttpRequest, ids: list[int]) -> HttpResponseBase:
    """The page, or just its files when it asks again while something is at work."""
    cards = cards_of(ids)
    listed = ",".join(str(one.imp.pk) for one in cards)
    address = f"{reverse('upload')}?imports={listed}" if cards else reverse("upload")
    is_settling = any(one.imp.state == Import.State.LOADED for one in cards) and settles()
    context = {
        "page_title": "Upload",
        "cards": cards,
        "lead": together.lead(cards),
        "steps": STEPS,
        "step": together.step(cards),
        "imports": listed,
        "poll_href": address if is_settling or any(one.is_busy for one in cards) else "",
        "is_settling": is_settling,
        "ready": together.bookable(cards),
        "change_href": "" if is_settling else together.change_of_all(cards),
        "file_kinds": () if cards else file_kinds(),
        "can_administer": may_administer(request),
        "drop": drop_zone(address, has_files=bool(cards)),
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    return render(request, "setup/files.html" if is_fragment else "setup/upload.html", context)


def drop_zone(address: str, *, has_files: bool) -> dict[str, Any]:
    return {
        "action": address, "name": "file", "multiple": True, "kinds": KINDS,
        "large": not has_files, "more": has_files,
    }  # fmt: skip


def ids_of(text: str) -> list[int]:
    """The ids in "3,4", in order, each once; anything else in it is left out."""
    numbers = (part.strip() for part in text.split(","))
    found = dict.fromkeys(int(part) for part in numbers if part.isdecimal() and len(part) < 19)
    return list(found)[:MOST_FILES]


def cards_of(ids: list[int]) -> list[Card]:
    """The imports as cards, in the order asked for, in a fixed number of queries."""
    if not ids:
        return []
    rows = Import.objects.select_related("source", "duplicate_of", "by").in_bulk(ids)
    sliced = set(Slice.objects.filter(imp__in=ids).values_list("imp_id", flat=True).distinct())
    newest = Job.objects.filter(imp__in=ids, kind__in=("check", "load"))
    at_work = {job.imp_id: job for job in newest.order_by("imp_id", "-pk").distinct("imp_id")}
    sources = tuple(Source.objects.defer("secret", "webhook_secret"))
    replaced = superseded_by(ids)
    now = timezone.now()
    cards = [
        Card(rows[pk], at_work.get(pk), sources, replaced.get(pk, ()), now, pk in sliced)
        for pk in ids
        if pk in rows
    ]
    name_payers(cards)
    return cards


def name_payers(cards: list[Card]) -> None:
    """Say of the first rows of all files which team would pay, in one go."""
    found = iter(payers([row for one in cards for row in one.rows_shown]))
    for one in cards:
        one.payers = [next(found) for _ in one.rows_shown]


def settles() -> bool:
    """Whether figures are about to follow what was booked."""
    return Job.objects.filter(kind="settle", state__in=actions.OPEN_JOB).exists()


def take_files(request: HttpRequest, ids: list[int]) -> HttpResponseBase:
    """Archive what was dropped; each file is checked by a worker."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        for error in form.errors.values():
            messages.error(request, " ".join(map(str, error)))
        return show(request, ids)
    for file in form.cleaned_data["file"][: MOST_FILES - len(ids)]:
        try:
            imp = actions.take(file, user_of(request), timezone.now(), form.cleaned_data["source"])
            ids.append(imp.pk)
        except TooLargeError as error:
            messages.error(request, f"{file.name} is too large: {error}.")
    listed = ",".join(map(str, ids))
    return redirect(f"{reverse('upload')}?imports={listed}" if ids else "upload")


@require_POST
@for_uploaders
def confirm_all(request: HttpRequest) -> HttpResponseBase:
    """Book every file of the page that is ready, in the order in which they were dropped."""
    ids = ids_of(request.POST.get("imports", ""))
    for one in together.bookable(cards_of(ids)):
        try:
            actions.confirm(one.imp.pk, timezone.now())
        except actions.NotPossibleError as error:
            messages.error(request, str(error))
    return redirect(f"{reverse('upload')}?imports={','.join(map(str, ids))}")


@require_POST
@for_uploaders
def act(request: HttpRequest, imp_id: int, verb: str) -> HttpResponseBase:
    """Confirm, leave out, check again or undo; then back to the files."""
    do: dict[str, Callable[[], None]] = {
        "confirm": lambda: actions.confirm(imp_id, timezone.now()),
        "discard": lambda: actions.discard(imp_id, timezone.now()),
        "retry": lambda: actions.retry(imp_id, timezone.now()),
        "undo": lambda: actions.undo(imp_id, user_of(request), timezone.now()),
        "target": lambda: correct_target(request, imp_id),
    }
    if verb not in do:
        raise Http404
    if verb == "undo" and not may_administer(request):
        return HttpResponse("Only an administrator takes an import back.", status=403)
    try:
        do[verb]()
    except Import.DoesNotExist:
        raise Http404 from None
    except (actions.NotPossibleError, load.CannotUndoError) as error:
        messages.error(request, str(error))
    return back(request, imp_id)


def correct_target(request: HttpRequest, imp_id: int) -> None:
    form = TargetForm(request.POST)
    if not form.is_valid():
        raise actions.NotPossibleError("Choose a source and a scope.")
    actions.retarget(
        imp_id, form.cleaned_data["source"], form.cleaned_data["scope"], timezone.now()
    )


def back(request: HttpRequest, imp_id: int) -> HttpResponseBase:
    """To the files that were on the page, else to the import itself."""
    ids = ids_of(request.POST.get("imports", ""))
    if len(ids) > 1:
        return redirect(f"{reverse('upload')}?imports={','.join(map(str, ids))}")
    return redirect("import", imp_id)


@require_GET
@for_uploaders
def errors_csv(request: HttpRequest, imp_id: int) -> HttpResponseBase:
    """Every error of a refused file, one per row."""
    imp = get_object_or_404(Import, pk=imp_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="import-{imp.pk}-errors.csv"'
    writer = csv.writer(response)
    writer.writerow(ERROR_COLUMNS)
    for error in imp.errors:
        writer.writerow([inert(error.get(column)) for column in ERROR_COLUMNS])
    return response


def inert(cell: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe; numbers stay."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{cell}"
    return cell
