"""What people do with files and sources: each action checks that it still makes sense.

Every action locks the import's row first, so that two clicks are one.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from billing_ingest import jobs, load
from billing_ingest.models import Job
from billing_ingest.recognise import known_and_not_read, recognise
from billing_ingest.registry import connector
from billing_ingest.schedule import as_args
from billing_ingest.source_keys import free_key
from finops.ledger.models import Import, SavedMapping, Source
from finops.outside.archive import scratch_folder
from finops.people.models import User
from finops.periods import Period

State = Import.State
# What nobody recognised goes here first; the check then says in words what it is not.
FALLBACK = "focus"
OPEN_JOB = (Job.State.WAITING, Job.State.RUNNING)


class NotPossibleError(Exception):
    """The action does not fit the state things are in by now; the text says why."""


# --- uploads -------------------------------------------------------------------------------


def take(upload: UploadedFile, by: User, now: datetime, source: Source | None = None) -> Import:
    """Archive an uploaded file and queue its check. Without a source the file says which."""
    name = upload.name or "file"
    with on_disk(upload) as path:
        target = source or source_for(path, name)
        with transaction.atomic():
            imp = load.receive(target, name, path, by=by, state=State.CHECKING)
            jobs.enqueue("check", imp=imp, now=now)
    return imp


@contextmanager
def on_disk(upload: UploadedFile) -> Iterator[Path]:
    """The upload as a file: large ones are one already."""
    if hasattr(upload, "temporary_file_path"):
        yield Path(upload.temporary_file_path())
        return
    with scratch_folder() as folder:
        path = folder / "upload"
        with path.open("wb") as target:
            write_chunks(upload, target)
        yield path


def write_chunks(upload: UploadedFile, target: IO[bytes]) -> None:
    for chunk in upload.chunks():
        target.write(chunk)


def source_for(path: Path, filename: str) -> Source:
    """The source that last took a file of this connector, else the connector's default one."""
    found = recognise(path, filename)
    declined = None if found else known_and_not_read(path, filename)
    known = found.connector if found else declined or connector(FALLBACK)
    newest = Import.objects.filter(source__connector=known.slug).select_related("source").first()
    return newest.source if newest else load.default_source(known)


def retarget(imp_id: int, source: Source, scope: str, now: datetime, *, document: str = "") -> None:
    """Check the file again for another source or scope; nothing was booked yet."""
    with locked(imp_id) as imp:
        expect(imp, State.READY, State.REFUSED, State.DUPLICATE, State.HELD)
        if imp.slices.exists():
            raise NotPossibleError("This import is booked. Undo it first.")
        imp.source, imp.scope, imp.document = source, scope, document
        imp.state, imp.errors, imp.warnings, imp.preview = State.CHECKING, [], [], {}
        imp.duplicate_of, imp.finished_at = None, None
        imp.save()
        jobs.enqueue("check", imp=imp, now=now)


def map_file(imp_id: int, saved: SavedMapping, now: datetime) -> None:
    """Keep a mapping and check the file again by it, for the source that has its name.

    A mapping of the same name takes the place of the older one for files to come.
    """
    with transaction.atomic():
        older = SavedMapping.objects.filter(name__iexact=saved.name, superseded_at=None)
        older.update(superseded_at=now)
        saved.save()
        retarget(imp_id, mapped_source(saved.name), "all", now, document=saved.document)


def mapped_source(name: str) -> Source:
    """The source whose files are read by mappings of this name, made when there is none yet."""
    known = Source.objects.filter(connector="mapped", name__iexact=name).first()
    return known or Source.objects.create(
        connector="mapped", name=name, key=free_key(name, "mapped")
    )


def book_typed(said: dict[str, Any], by: User, now: datetime) -> Import:
    """Write down a bill that was typed in as a file of its own, and book it like any other."""
    source = load.default_source(connector("typed_bills"))
    content = json.dumps({"typed_bill": 1} | said, indent=1, ensure_ascii=False).encode()
    name = f"bill {said['vendor']} {said['number']}.json".replace("/", "-")
    with transaction.atomic():
        imp = load.load(load.receive(source, name, content, by=by))
        if imp.state == State.LOADED:
            jobs.enqueue_settle(now)
    return imp


def confirm(imp_id: int, now: datetime) -> None:
    """Book a checked file; for a held one this is the yes that it waited for."""
    with locked(imp_id) as imp:
        expect(imp, State.READY, State.HELD)
        is_held = imp.state == State.HELD
        imp.state = State.QUEUED
        imp.save(update_fields=["state"])
        jobs.enqueue("load", imp=imp, args={"allow_shrink": is_held}, now=now)


def discard(imp_id: int, now: datetime) -> None:
    """Leave a file out. Its bytes stay in the archive, its row in the history."""
    with locked(imp_id) as imp:
        expect(imp, State.READY, State.HELD, State.REFUSED)
        imp.state, imp.finished_at = State.DISCARDED, now
        imp.save(update_fields=["state", "finished_at"])


def retry(imp_id: int, now: datetime) -> None:
    """Check a refused file once more, after a fault of ours was mended."""
    with locked(imp_id) as imp:
        expect(imp, State.REFUSED)
        imp.state, imp.errors, imp.finished_at = State.CHECKING, [], None
        imp.save(update_fields=["state", "errors", "finished_at"])
        jobs.enqueue("check", imp=imp, now=now)


def undo(imp_id: int, by: User, now: datetime) -> None:
    """Take a booked import back; what it had replaced is active again."""
    with locked(imp_id) as imp:
        expect(imp, State.LOADED)
        load.undo(imp, by=by)
        jobs.enqueue_settle(now)


# --- sources -------------------------------------------------------------------------------


def pull_now(source: Source, first_day: date, now: datetime) -> None:
    """Queue a pull from the first day up to today, unless one is under way."""
    today = now.date()
    if first_day > today:
        raise NotPossibleError("The first day lies in the future.")
    if connector(source.connector).fetch is None:
        raise NotPossibleError(f"{source.name} takes files; there is nothing to pull from.")
    with transaction.atomic():
        Source.objects.select_for_update().get(pk=source.pk)
        if source.jobs.filter(kind="fetch", state__in=OPEN_JOB).exists():
            raise NotPossibleError(f"A pull of {source.name} is under way already.")
        window = Period(first_day, today + timedelta(days=1))
        jobs.enqueue("fetch", source=source, args=as_args(window), now=now)


# --- shared --------------------------------------------------------------------------------


@contextmanager
def locked(imp_id: int) -> Iterator[Import]:
    """The import, locked until the block's transaction ends. Raises Import.DoesNotExist."""
    with transaction.atomic():
        yield Import.objects.select_for_update(of=("self",)).select_related("source").get(pk=imp_id)


def expect(imp: Import, *states: Any) -> None:
    """Raises NotPossibleError when the import moved on in the meantime."""
    if imp.state not in states:
        raise NotPossibleError(f"{imp.filename} is {imp.get_state_display().lower()} by now.")
