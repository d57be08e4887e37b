"""Pulls whole billing periods out of the bucket that AWS delivers its exports to.

Only a manifest says which files are a delivery: it is written after them, and the folder may
hold older ones. So the manifests are looked for, the newest of each export and period is read,
and what it lists becomes one file.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from billing_ingest.bundle import bundle
from billing_ingest.connector import Fetched, Outside
from finops.outside.files import Bucket, Stored
from finops.outside.http import HttpError
from finops.periods import add_months

MANIFEST = re.compile(r"(?P<export>.*/)?(?P<name>[^/]+)-Manifest\.json")
# .../<report>/20260701-20260801/<report>-Manifest.json names the newest assembly of the period.
LEGACY = re.compile(r"(?P<report>.*?)(?P<start>\d{8})-\d{8}/(?P<assembly>.*)")
# .../<export>/metadata/BILLING_PERIOD=2026-07/[<execution>/]<export>-Manifest.json
EXPORT = re.compile(r"(?P<report>.*?)metadata/BILLING_PERIOD=(?P<month>\d{4}-\d{2})/.*")


@dataclass(frozen=True)
class Manifest:
    """Where a manifest lies: of which export, of which month, and whether it speaks for itself."""

    stored: Stored
    report: str  # the path of the export, and its name
    month: date
    is_copy: bool  # lies in an assembly's own folder, beside the one that names the newest


def fetch(outside: Outside, first_day: date, end_day: date) -> Iterator[Fetched]:
    """Yield the newest whole delivery of every export for each month of the window.

    A month whose delivery is not whole is left as it is; it is told when the others are through.
    """
    bucket = outside.bucket()
    prefix = str(outside.config.get("prefix") or "").strip("/")
    stored = {one.key: one for one in bucket.list(f"{prefix}/" if prefix else "")}
    wanted = set(months(first_day, end_day))
    there = list(manifests(stored.values()))
    if there and max(wanted) < min(manifest.month for manifest in there):
        return  # before the exports began: a back-fill goes on with the next month
    found = [manifest for manifest in there if manifest.month in wanted]
    if not found:
        raise HttpError(
            f"s3://{bucket.name}/{prefix} has no manifest of a month from {first_day:%Y-%m} on",
            permanent=False, code="no_manifest",
        )  # fmt: skip
    broken: list[HttpError] = []
    for manifest in newest(found):
        try:
            delivery = Delivery(bucket, manifest, stored)
            yield Fetched(delivery.filename, delivery.download(outside.folder), delivery.document)
        except HttpError as error:
            broken.append(error)
    if broken:
        raise broken[0]


def months(first_day: date, end_day: date) -> Iterator[date]:
    month = first_day.replace(day=1)
    while month < end_day:
        yield month
        month = add_months(month, 1)


def manifests(stored: Any) -> Iterator[Manifest]:
    """Yield the manifests among the objects of a bucket."""
    for one in stored:
        if not (named := MANIFEST.fullmatch(one.key)):
            continue
        if legacy := LEGACY.fullmatch(one.key):
            month = date.fromisoformat(legacy["start"]).replace(day=1)
            yield Manifest(one, legacy["report"] + named["name"], month, "/" in legacy["assembly"])
        elif export := EXPORT.fullmatch(one.key):
            month = date.fromisoformat(f"{export['month']}-01")
            yield Manifest(one, export["report"] + named["name"], month, is_copy=False)


def newest(found: list[Manifest]) -> list[Manifest]:
    """Return one manifest per export and month, the months in order.

    That is the one written last. The one that names the newest assembly goes before its copies.
    """
    best: dict[tuple[date, str], Manifest] = {}
    for manifest in found:
        key = (manifest.month, manifest.report)
        if key not in best or rank(manifest) > rank(best[key]):
            best[key] = manifest
    return [best[key] for key in sorted(best)]


def rank(manifest: Manifest) -> tuple[bool, Any, str]:
    return not manifest.is_copy, manifest.stored.modified_at, manifest.stored.key


class Delivery:
    """The files that a manifest lists. Raises HttpError when they are not whole."""

    def __init__(self, bucket: Bucket, manifest: Manifest, stored: dict[str, Stored]) -> None:
        self.bucket, self.manifest = bucket, manifest
        self.said = read_manifest(bucket, manifest)
        self.parts = [self.part(key, stored) for key in listed(self.said, bucket.name)]
        if not self.parts:
            raise self.not_whole("lists no file")

    def part(self, key: str, stored: dict[str, Stored]) -> Stored:
        """Return a file of the list, which must be there and older than the list."""
        part = stored.get(key)
        if part is None:
            raise self.not_whole(f"lists {key}, which is not there")
        if part.modified_at > self.manifest.stored.modified_at:
            raise self.not_whole(f"is older than {key}: a new delivery is under way")
        return part

    @property
    def filename(self) -> str:
        name = self.manifest.report.rsplit("/", 1)[-1]
        return f"{name}_{self.manifest.month:%Y-%m}.zip"

    @property
    def document(self) -> str:
        """The kind of file, by the columns that the manifest names; empty to look at the files."""
        names = {column["name"] for column in columns(self.said)}
        if "BilledCost" in names:
            return "focus"
        is_packed_by_column = any(part.key.endswith(".parquet") for part in self.parts)
        if "line_item_unblended_cost" in names or is_packed_by_column:
            return "cur2"
        return "cur" if "UnblendedCost" in names else ""

    def download(self, folder: Path) -> Path:
        """Copy the files and put them together; none of them may change in the meantime."""
        copies = []
        for number, part in enumerate(self.parts, start=1):
            copy = folder / f"part-{number}"
            self.bucket.download(part.key, copy)
            copies.append((f"{number:05}-{part.key.rsplit('/', 1)[-1]}", copy))
        self.check_unchanged()
        target = bundle(copies, folder / "delivery.zip")
        for _, copy in copies:
            copy.unlink()
        return target

    def check_unchanged(self) -> None:
        now = {
            one.key: one.etag
            for folder in {part.key.rpartition("/")[0] for part in self.parts}
            for one in self.bucket.list(folder)
        }
        for part in self.parts:
            if now.get(part.key) != part.etag:
                raise self.not_whole(f"lists {part.key}, which was replaced while it was read")

    def not_whole(self, words: str) -> HttpError:
        where = f"s3://{self.bucket.name}/{self.manifest.stored.key}"
        return HttpError(f"{where} {words}", permanent=False, code="half_delivered")


def read_manifest(bucket: Bucket, manifest: Manifest) -> dict[str, Any]:
    try:
        said = json.loads(bucket.read(manifest.stored.key))
    except ValueError:
        said = None
    if not isinstance(said, dict):
        where = f"s3://{bucket.name}/{manifest.stored.key}"
        raise HttpError(f"{where} is no manifest", permanent=False, code="bad_answer")
    return said


def listed(said: dict[str, Any], bucket: str) -> list[str]:
    """Return the keys of the files a manifest lists: reportKeys, or dataFiles of an export."""
    keys = said.get("reportKeys") or said.get("dataFiles") or []
    return [str(key).removeprefix(f"s3://{bucket}/").lstrip("/") for key in keys]


def columns(said: dict[str, Any]) -> list[dict[str, Any]]:
    found = said.get("columns")
    if not isinstance(found, list):
        return []
    return [one if isinstance(one, dict) and "name" in one else {"name": one} for one in found]
