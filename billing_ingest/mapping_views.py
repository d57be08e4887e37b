"""Upload > a file nobody knows: say which of its columns is what; saved for the next time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from billing_ingest import actions
from billing_ingest.access import for_uploaders, user_of
from billing_ingest.detect import Detected, detect
from billing_ingest.mapping_fields import FIELDS, Field
from billing_ingest.own_mapping import guessed, lacks
from billing_ingest.refusal import Refused
from finops.ledger.models import Import, SavedMapping

TABLES = (
    ("charge", "Charges", "Lines of a bill: this is money."),
    ("usage", "Usage", "A log: who used what. It adds no money, it splits the bill."),
)


@dataclass(frozen=True)
class Asked:
    """One of our columns on the form, with what was chosen for it."""

    field: Field
    column: str = ""
    value: str = ""


@for_uploaders
def mapping(request: HttpRequest, imp_id: int) -> HttpResponseBase:
    """The form; saving checks the file again by the new mapping."""
    imp = get_object_or_404(Import.objects.select_related("source"), pk=imp_id)
    try:
        seen = detect(imp)
    except Refused as refused:
        words = refused.problems[0]["message"] if refused.problems else "It holds no records."
        messages.error(request, f"{imp.filename} cannot be taken apart: {words}")
        return redirect("import", imp_id)
    table = chosen_table(request.POST or request.GET)
    said = answers(request.POST, table, seen) if request.POST else guesses(table, seen)
    problems: list[str] = []
    if request.POST.get("do") == "save":
        fields = as_fields(said)
        problems = lacks(table, fields)
        name = request.POST.get("name", "").strip()[:80]
        problems += [] if name else ["a name for the mapping"]
        if not problems:
            return save(request, imp, seen, table, fields, name)
    context = {
        "page_title": "Say what the columns are",
        "imp": imp,
        "seen": seen,
        "tables": TABLES,
        "table": table,
        "asked": said,
        "amounts": SavedMapping.Amounts.choices,
        "amounts_chosen": request.POST.get("amounts", SavedMapping.Amounts.PLAIN),
        "name": request.POST.get("name", ""),
        "problems": problems,
    }
    return render(request, "setup/mapping.html", context)


def chosen_table(said: Mapping[str, Any]) -> str:
    return "usage" if said.get("table") == "usage" else "charge"


def guesses(table: str, seen: Detected) -> list[Asked]:
    found = guessed(table, seen.columns)
    return [Asked(field, found.get(field.column, "")) for field in FIELDS[table]]


def answers(post: Mapping[str, Any], table: str, seen: Detected) -> list[Asked]:
    """What was chosen; after a change of table what the names give away."""
    if post.get("do") == "table":
        return guesses(table, seen)
    said = []
    for field in FIELDS[table]:
        column = post.get(f"column-{field.column}", "")
        value = post.get(f"value-{field.column}", "").strip()[:200]
        is_known = column in seen.columns
        said.append(Asked(field, column if is_known else "", value))
    return said


def as_fields(said: list[Asked]) -> dict[str, dict[str, str]]:
    """Return our column -> where it comes from, as a mapping is saved. A column goes first."""
    fields: dict[str, dict[str, str]] = {}
    for asked in said:
        if asked.column:
            fields[asked.field.column] = {"column": asked.column}
        elif asked.value and asked.field.may_be_value:
            fields[asked.field.column] = {"value": asked.value}
    return fields


def save(
    request: HttpRequest, imp: Import, seen: Detected, table: str,
    fields: dict[str, dict[str, str]], name: str,
) -> HttpResponseBase:  # fmt: skip
    style = request.POST.get("amounts", "")
    saved = SavedMapping(
        name=name, table=table, reader=seen.reader, columns=list(seen.columns),
        records_at=seen.records_at, fields=fields, by=user_of(request),
        amounts=style if style in SavedMapping.Amounts.values else SavedMapping.Amounts.PLAIN,
    )  # fmt: skip
    try:
        actions.map_file(imp.pk, saved, timezone.now())
    except actions.NotPossibleError as error:
        messages.error(request, str(error))
    return redirect("import", imp.pk)
