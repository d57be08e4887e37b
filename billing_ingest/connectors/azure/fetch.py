"""Pulls cost exports from a storage account: of each export and month the newest whole run."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from billing_ingest.bundle import bundle
from billing_ingest.connector import Fetched, Outside
from billing_ingest.connectors.azure.blobs import Blob, Container
from billing_ingest.engine import connect, text
from finops.outside.http import HttpError

# <folder>/<export>/<first day>-<last day>/[<time of the run>/]<run>/manifest.json
MANIFEST = re.compile(r"(?P<export>.*/)?(?P<first>\d{8})-(?P<last>\d{8})/(?:.*/)?manifest\.json")
DOCUMENTS = {
    "actualcost": "actual",
    "usage": "actual",
    "amortizedcost": "amortised",
    "focuscost": "focus",
}


@dataclass(frozen=True)
class Run:
    """One run of an export over a month: what its manifest says."""

    manifest: str  # name of the blob
    document: str  # empty for exports that are no bill
    submitted: str
    parts: list[tuple[str, int | None]]  # name of the blob, rows it must have
    rows: int | None


def fetch(outside: Outside, first_day: date, end_day: date) -> Iterator[Fetched]:
    """Yield the newest run of every export and month that touches the days, oldest month first.

    A run that is not whole is left out; its reason is raised after the others were yielded.
    """
    container = Container(outside)
    listed = {blob.name: blob for blob in container.list(str(outside.config.get("prefix") or ""))}
    if not any(MANIFEST.fullmatch(name) for name in listed):
        words = "There is no export with a manifest.json under this address and prefix"
        raise HttpError(words, permanent=True, code="nothing_there")
    failed: HttpError | None = None
    for manifests in _months(listed, first_day, end_day):
        try:
            run = max(
                (_run(container, name) for name in manifests),
                key=lambda run: (run.submitted, run.manifest),
            )
            if run.document and run.rows != 0:
                folder = Path(tempfile.mkdtemp(dir=outside.folder))
                yield _delivery(container, run, listed, folder)
        except HttpError as error:
            failed = failed or error
    if failed:
        raise failed


def _months(listed: dict[str, Blob], first_day: date, end_day: date) -> list[list[str]]:
    """Group the manifests by export and month, those whose days touch the window."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name in listed:
        if (found := MANIFEST.fullmatch(name)) is None:
            continue
        first, last = _day(found["first"]), _day(found["last"])
        if first is None or last is None or first >= end_day or last < first_day:
            continue
        groups.setdefault((found["first"], found["export"] or ""), []).append(name)
    return [groups[key] for key in sorted(groups)]


def _day(digits: str) -> date | None:
    try:
        return date.fromisoformat(digits)
    except ValueError:
        return None


def _run(container: Container, name: str) -> Run:
    said = container.read(name).json()
    try:
        blobs = [(str(part["blobName"]), _count(part, "dataRowCount")) for part in said["blobs"]]
        run = Run(
            manifest=name,
            document=DOCUMENTS.get(str(said["exportConfig"]["type"]).lower(), ""),
            submitted=str(said["runInfo"].get("submittedTime") or ""),
            parts=blobs,
            rows=_count(said, "dataRowCount"),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise HttpError(
            f"{name} is not the manifest of an export", permanent=True, code="bad_answer"
        ) from None
    _check_counts(run, _count(said, "blobCount"))
    return run


def _check_counts(run: Run, parts: int | None) -> None:
    """A manifest that does not agree with itself was not written to its end."""
    if parts is not None and parts != len(run.parts):
        raise _half(run, f"says {parts} parts and names {len(run.parts)}")
    counts = [rows for _, rows in run.parts if rows is not None]
    if run.rows is not None and len(counts) == len(run.parts) and sum(counts) != run.rows:
        raise _half(run, f"says {run.rows} rows, its parts {sum(counts)}")


def _count(said: dict[str, Any], name: str) -> int | None:
    value = said.get(name)
    return None if value is None else int(value)


def _delivery(container: Container, run: Run, listed: dict[str, Blob], folder: Path) -> Fetched:
    """Bring all parts of a run as one file, each with the rows that the manifest says."""
    files: list[tuple[str, bytes | Path]] = []
    for name, rows in run.parts:
        blob = listed.get(name) or listed.get(name.partition("/")[2])
        if blob is None:
            raise _half(run, f"names {name}, which is not there")
        part = folder / f"{len(files):04}_{name.rsplit('/', 1)[-1]}"
        container.download(blob, part)
        found = _rows_of(part)
        if rows is not None and found != rows:
            raise _half(run, f"says {rows} rows for {name}, it has {found}")
        files.append((part.name, part))
    stem = run.manifest.rsplit("/", 1)[0].replace("/", "_")
    if len(files) == 1:
        only = Path(files[0][0])
        return Fetched(f"{stem}_{only.name}", folder / only, run.document)
    return Fetched(f"{stem}.zip", bundle(files, folder / "parts.zip"), run.document)


def _rows_of(part: Path) -> int:
    """Count the records of a part; -1 when it cannot be read."""
    is_table = part.name.endswith(".parquet")
    name = text(str(part))
    records = (
        f"read_parquet({name})"
        if is_table
        else f"read_csv({name}, header=true, all_varchar=true, delim=',', quote='\"', escape='\"', skip=0)"
    )
    con = connect(part.parent)
    try:
        counted = con.execute(f"SELECT count(*) FROM {records}").fetchone()
        return int(counted[0]) if counted else -1
    except duckdb.Error:
        return -1
    finally:
        con.close()


def _half(run: Run, words: str) -> HttpError:
    return HttpError(f"{run.manifest} {words}", permanent=False, code="half_delivered")
