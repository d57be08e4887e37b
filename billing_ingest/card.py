"""One import as people see it: what was found, what it changes, how far it is, what went wrong."""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing_ingest import wording
from billing_ingest.connector import Document
from billing_ingest.first_rows import rows_of, table_of
from billing_ingest.models import Job
from billing_ingest.payers import Row
from billing_ingest.registry import CONNECTORS, connector
from finops.ledger.models import Import, Source
from finops.people.models import Team

State = Import.State
BUSY = (State.CHECKING, State.QUEUED, State.RUNNING)
ASKS = (State.READY, State.HELD)
# Why a file that is a table all the same was refused: nobody knows its columns.
STRANGE = {"missing_column", "unknown_file"}
FATES: dict[str, str] = {
    State.LOADED: "booked",
    State.UNDONE: "taken back",
    State.DISCARDED: "left out",
}
# Where a change shows: of a delivery that brings only this table.
PAGES = {"person": "teams", "invoice": "reconcile"}
# Component "state": late is a triangle in the warning colour, refused one in red.
MARKS: dict[str, str] = {
    State.REFUSED: "refused",
    State.HELD: "late",
    **dict.fromkeys(BUSY, "busy"),
}


@dataclass
class Card:
    """An import, its newest job, and where it could go instead."""

    imp: Import
    job: Job | None
    sources: tuple[Source, ...]
    superseded: tuple[int, ...]  # imports of which this one replaced something
    now: datetime
    has_slices: bool = False  # whether it can be taken back: people and work items were merged
    payers: list[Team | None] = field(default_factory=list)  # of the first rows

    @property
    def is_busy(self) -> bool:
        return self.imp.state in BUSY

    @property
    def asks(self) -> bool:
        return self.imp.state in ASKS

    @property
    def is_known(self) -> bool:
        """Whether it waits for a yes that would change nothing."""
        return self.imp.state == State.READY and self.imp.duplicate_of_id is not None

    @property
    def same_words(self) -> str:
        """What is the same as in the import that this one repeats: its bytes, or only its rows."""
        twin = self.imp.duplicate_of
        return "bytes" if twin and twin.sha256 == self.imp.sha256 else "rows"

    @property
    def state(self) -> dict[str, str]:
        return {"words": state_words(self.imp), "kind": MARKS.get(self.imp.state, "")}

    @property
    def preview(self) -> dict[str, Any]:
        return self.imp.preview or {}

    @property
    def lines(self) -> int:
        """Lines of the file that hold something, in scope or not; 0 before they are counted."""
        preview = self.preview
        if "rows_in_scope" not in preview:
            return self.imp.rows
        return int(preview["rows_in_scope"] + (preview.get("rows_out_of_scope") or 0))

    @property
    def scope_is_a_choice(self) -> bool:
        """Whether leaving out what is not AI would make a difference."""
        return bool(self.imp.totals or self.imp.out_of_scope)

    def answer(self) -> SafeString:
        """What the file is and why we think so, in a sentence or two."""
        imp, preview = self.imp, self.preview
        label = preview.get("document_label") or document_label(imp)
        lines = wording.plural(self.lines, "line") if self.lines else ""
        facts = [lines, wording.period(imp.period_start, imp.period_end)]
        goes = f"for the source {imp.source.name}"
        said = ", ".join([*filter(None, facts), goes])
        if not label:
            return format_html("{}.", said[:1].upper() + said[1:])
        reason = preview.get("reason", "").removeprefix("because ")
        because = f", because {reason}" if reason else ""
        kind = format_html("<b>{}</b>", label[:1].upper() + label[1:])
        return format_html("{}{}. {}.", kind, because, said[:1].upper() + said[1:])

    def ledgers(self) -> list[list[dict[str, Any]]]:
        """One per currency: columns that tie, as the component `ledger` takes them."""
        currencies = sorted({*self.imp.totals, *self.imp.out_of_scope})
        return [self.ledger(currency) for currency in currencies]

    def ledger(self, currency: str) -> list[dict[str, Any]]:
        """What is in the file and, before the yes, what it replaces; each with its sum."""
        columns = [self.in_the_file(currency)]
        if self.asks:
            columns.append(self.what_it_replaces(currency))
        return columns

    def in_the_file(self, currency: str) -> dict[str, Any]:
        inside = Decimal(self.imp.totals.get(currency, "0"))
        outside = Decimal(self.imp.out_of_scope.get(currency, "0"))
        (inside, outside), total = wording.that_tie([inside, outside])
        rows_in_words = wording.plural(self.imp.rows, "line")
        inside_words = f"In scope, {rows_in_words}, {self.fate_of_lines()}"
        rows = [row(inside_words, inside, currency)]
        if self.imp.out_of_scope:
            lines = self.preview.get("rows_out_of_scope")
            counted = f", {wording.plural(lines, 'line')}" if lines else ""
            rows.append(row(f"Everything else{counted}, out of scope", outside, currency))
        return {
            "title": "What is in the file",
            "rows": rows,
            "sum": row(f"Sum of the file, {currency}", total, currency),
        }

    def fate_of_lines(self) -> str:
        if self.is_known or self.imp.state == State.DUPLICATE:
            return "known already"
        return FATES.get(self.imp.state, "to be booked")

    def what_it_replaces(self, currency: str) -> dict[str, Any]:
        """Old figures by the import they came with, and the change: new minus old."""
        parts = self.replaced
        old, _ = wording.that_tie([Decimal(part.totals.get(currency, "0")) for part in parts])
        rows = [row(part.words(), value, currency) for part, value in zip(parts, old, strict=True)]
        change = Decimal(self.preview.get("change", {}).get(currency, "0"))
        return {
            "title": "What it replaces",
            "rows": rows or [row("Nothing; this is new", Decimal(), currency)],
            "sum": row(
                "Change in booked spend", wording.that_tie([change])[1], currency, signed=True
            ),
        }

    @cached_property
    def replaced(self) -> list["Replaced"]:
        """What would be replaced, per earlier import."""
        found: dict[int, Replaced] = {}
        for part in self.preview.get("replaces", []):
            found.setdefault(part["import_id"], Replaced(part)).add(part)
        return list(found.values())

    def progress(self) -> dict[str, Any]:
        """The bar of a check or a load; polled by the page that holds all cards."""
        job = self.job
        if job is None or job.state == Job.State.WAITING:
            words = "Waits for a worker"
            if job and job.tries:
                words = f"Tried {wording.plural(job.tries, 'time')}; waits for the next try"
            return {"words": words, "value": 0, "max": None}
        verb = "Checking" if self.imp.state == State.CHECKING else "Booking"
        done, lines = job.progress_rows, self.lines
        if not done:
            words = f"{verb} {wording.size(self.imp.size_bytes)}{self.time_spent(job)}"
            return {"words": words, "value": 0, "max": None}
        if not lines:
            return {"words": f"{verb}, {done:,} rows so far", "value": 0, "max": None}
        words = f"{verb}, {done:,} of {lines:,} rows{self.time_left(job, lines)}"
        return {"words": words, "value": min(done, lines), "max": lines}

    def time_spent(self, job: Job) -> str:
        if job.started_at is None:
            return ""
        seconds = int((self.now - job.started_at).total_seconds())
        return f", for {wording.plural(seconds, 'second')}" if seconds > 0 else ""

    def time_left(self, job: Job, lines: int) -> str:
        if job.started_at is None or not 0 < job.progress_rows < lines:
            return ""
        seconds = (self.now - job.started_at).total_seconds()
        left = seconds * (lines - job.progress_rows) / job.progress_rows
        return f", {wording.duration(left)} left"

    def confirm_words(self) -> str:
        """What the button says it will do."""
        if self.imp.state == State.HELD:
            return "Replace it all the same"
        if self.is_known:
            return "Book it all the same"
        if not self.replaced:
            return "Book it"
        when = wording.period(self.imp.period_start, self.imp.period_end)
        return f"Replace {when} for {self.imp.source.name}"

    @property
    def can_be_mapped(self) -> bool:
        """Whether people may say what its columns are: nothing of it is booked yet."""
        return self.imp.state in (State.REFUSED, *ASKS)

    @property
    def is_stranger(self) -> bool:
        """Whether no connector knows the file, though it can be opened."""
        codes = {error.get("code") for error in self.imp.errors}
        return self.imp.state == State.REFUSED and bool(codes & STRANGE)

    def stranger_words(self) -> str:
        """Say so when the file has no column of what it was read as; empty for any other file."""
        lacks = [error for error in self.imp.errors if error.get("code") == "missing_column"]
        if self.imp.state != State.REFUSED or self.imp.source.connector not in CONNECTORS:
            return ""
        for document in connector(self.imp.source.connector).documents:
            if document.required and len(lacks) == len(document.required):
                columns = wording.plural(len(lacks), "column")
                return (
                    "No kind of file that is known here has these columns. "
                    f"It was read as {document.label}, which needs {columns}."
                )
        return ""

    def wrong_lines(self) -> str:
        """Count the errors: 4 errors on 3 lines."""
        errors = self.imp.errors
        lines = {error.get("line") for error in errors if error.get("line")}
        said = wording.plural(len(errors), "error")
        return f"{said} on {wording.plural(len(lines), 'line')}" if lines else said

    def notes(self) -> list[str]:
        """What to know before the yes: duplicates, overlaps, warnings."""
        said = list(self.preview.get("overlaps", [])) if self.asks else []
        said += [warning_words(warning) for warning in self.imp.warnings if not self.says(warning)]
        if self.asks and (same := self.preview.get("same_lines")):
            said.append(f"{wording.plural(same, 'line')} stand in it more than once; all are kept.")
        return said

    def says(self, warning: Any) -> bool:
        """Whether the card's answer says it already, or the overlaps above do."""
        code = warning.get("code") if isinstance(warning, dict) else ""
        if code == "evidence":
            return self.asks and bool(self.preview.get("overlaps"))
        return code in ("duplicate", "unchanged") and self.imp.duplicate_of_id is not None

    def change_href(self) -> str:
        """Where what it changed can be seen; empty when no page shows it."""
        page = PAGES.get("".join(tables_of(self.imp)), "overview")
        return href(page, self.imp.period_start, self.imp.period_end)

    @property
    def rows_shown(self) -> list[Row]:
        """The first rows, while somebody has to decide about them."""
        return rows_of(self.preview) if self.asks else []

    def first_rows(self) -> dict[str, Any]:
        """The first rows as they will be booked: the columns that any of them fills."""
        return table_of(self.preview, self.payers) if self.asks else {}


class Replaced:
    """What one earlier import loses to this file."""

    def __init__(self, part: dict[str, Any]) -> None:
        self.source: str = part["source"]
        self.imported_on = timezone.localdate(datetime.fromisoformat(part["imported_at"]))
        self.labels: dict[str, None] = {}
        self.rows = 0
        self.totals: dict[str, Decimal] = {}

    def add(self, part: dict[str, Any]) -> None:
        self.labels[part["label"]] = None
        self.rows += part["rows"]
        for currency, total in part["totals"].items():
            self.totals[currency] = self.totals.get(currency, Decimal()) + Decimal(total)

    def words(self) -> str:
        """Say what goes: AWS, October 2026, imported 26 Oct 2026, 9,611 lines."""
        labels = list(self.labels)
        what = labels[0] if len(labels) == 1 else f"{labels[0]} and {len(labels) - 1} more"
        lines = wording.plural(self.rows, "line")
        return f"{self.source}, {what}, imported {wording.day(self.imported_on)}, {lines}"


def state_words(imp: Import) -> str:
    """The state in the words of the pages."""
    return STATE_WORDS.get(imp.state) or str(imp.get_state_display())


STATE_WORDS: dict[str, str] = {
    State.RUNNING: "Booking",
    State.LOADED: "Booked",
    State.UNDONE: "Taken back",
}


def document_of(imp: Import) -> Document | None:
    """What kind of file it is; None before that is known, or when its connector was taken out."""
    if imp.source.connector not in CONNECTORS:
        return None
    documents = connector(imp.source.connector).documents
    return next((known for known in documents if known.name == imp.document), None)


def document_label(imp: Import) -> str:
    document = document_of(imp)
    return document.label if document else ""


def tables_of(imp: Import) -> set[str]:
    document = document_of(imp)
    return {mapping.table for mapping in document.mappings} if document else set()


def href(page: str, first_day: date | None, end_day: date | None) -> str:
    """The address of a page of figures for these days; empty when it does not exist here."""
    try:
        return reverse(page) + months(first_day, end_day)
    except NoReverseMatch:
        return ""


def months(first_day: date | None, end_day: date | None) -> str:
    """The months that the days touch, as the pages read a period; at most a year of them."""
    if first_day is None or end_day is None:
        return ""
    last = max(first_day, end_day - timedelta(days=1))
    start = max(first_day.replace(day=1), last.replace(year=last.year - 1, day=1))
    if (start.year, start.month) == (last.year, last.month):
        return f"?period={start:%Y-%m}"
    until = last.replace(day=monthrange(last.year, last.month)[1])
    return f"?from={start}&to={until}"


def row(label: str, value: Decimal, currency: str, *, signed: bool = False) -> dict[str, str]:
    return {"label": label, "amount": wording.amount(value, currency, signed=signed)}


def warning_words(warning: Any) -> str:
    return str(warning["message"]) if isinstance(warning, dict) else str(warning)
