"""AWS's deliveries in a real S3 server: only what a manifest lists, only the newest, only whole."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing_ingest.connector import Outside
from billing_ingest.pull import pull
from billing_ingest.registry import connector
from finops.ledger.models import Charge, Import, Slice, Source
from finops.ledger.secrets import set_secret
from finops.outside.http import Http, HttpError
from finops.periods import Period
from tests.fakes.aws import S3, SECRET, fake_aws

JULY, AUGUST = "20260701-20260801", "20260801-20260901"
WINDOW = Period(date(2026, 8, 10), date(2026, 8, 11))
SAMPLE = Path(__file__).parent / "connectors" / "aws" / "cur" / "sample.csv"
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with fake_aws() as s3:
        yield s3


@pytest.fixture
def s3(server: S3, settings: Any) -> Iterator[S3]:
    settings.OUTLAY_PRIVATE_HOSTS = [server.host]
    yield server
    server.clear()


@pytest.fixture
def source(s3: S3) -> Source:
    made = Source(key="aws", name="AWS", connector="aws", config=s3.config)
    set_secret(made, SECRET)
    made.save()
    return made


def report(**changes: str) -> bytes:
    """The sample's lines with these columns changed, in every line but the header."""
    with SAMPLE.open() as lines:
        rows = list(csv.DictReader(lines))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows([row | changes for row in rows])
    return out.getvalue().encode()


def in_month(month: str, following: str, **more: str) -> bytes:
    return report(**{
        "bill/BillingPeriodStartDate": f"{month}-01T00:00:00Z",
        "bill/BillingPeriodEndDate": f"{following}-01T00:00:00Z",
        "lineItem/UsageStartDate": f"{month}-03T00:00:00Z",
        "lineItem/UsageEndDate": f"{month}-04T00:00:00Z", **more,
    })  # fmt: skip


def fetched(s3: S3, folder: Path, first: str = "2026-08-10", **config: str) -> list[Any]:
    outside = Outside(Http(), s3.config | config, SECRET, folder)
    fetch = connector("aws").fetch
    assert fetch
    found = []
    for delivery in fetch(outside, date.fromisoformat(first), date(2026, 8, 11)):
        assert isinstance(delivery.body, Path)
        with zipfile.ZipFile(delivery.body) as parts:
            found.append((delivery.filename, delivery.document, parts.namelist()))
    return found


def billed() -> dict[str, Decimal]:
    """Booked money per billing period."""
    totals: dict[str, Decimal] = {}
    for part in Slice.objects.filter(superseded_at=None):
        month = part.key.rsplit("|", 1)[1][:7]
        totals[month] = totals.get(month, Decimal(0)) + Decimal(part.totals["USD"])
    return totals


def test_only_what_the_manifest_lists_is_read(s3: S3, tmp_path: Path) -> None:
    s3.deliver_report(AUGUST, "a1", [report(), report()])
    s3.put(f"exports/report/{AUGUST}/a1/report-3.csv.gz", b"left over")

    assert fetched(s3, tmp_path) == [
        ("report_2026-08.zip", "cur", ["00001-report-1.csv.gz", "00002-report-2.csv.gz"])
    ]


def test_the_newest_assembly_stands_for_its_month(s3: S3, tmp_path: Path) -> None:
    s3.deliver_report(AUGUST, "a2", [report()])
    s3.deliver_report(AUGUST, "a1", [report(), report()])

    ((_, _, parts),) = fetched(s3, tmp_path)
    assert len(parts) == 2


def test_an_assembly_without_its_manifest_is_not_there_yet(s3: S3, tmp_path: Path) -> None:
    s3.deliver_report(AUGUST, "a1", [report()])
    s3.deliver_report(AUGUST, "a2", [report(), report()], manifest=False)

    ((_, _, parts),) = fetched(s3, tmp_path)
    assert len(parts) == 1


@pytest.mark.parametrize("executions", [("", ""), ("20260809T01", "20260810T01")])
def test_exports_are_read_in_both_ways_of_delivery(
    s3: S3, tmp_path: Path, executions: tuple[str, str]
) -> None:
    first, second = executions
    column = "line_item_unblended_cost"
    s3.deliver_export("cur2", "2026-08", first, [report(), report(), report()], column)
    s3.deliver_export("cur2", "2026-08", second, [report()], column)
    s3.deliver_export("focus", "2026-08", first, [report()], "BilledCost")

    assert fetched(s3, tmp_path) == [
        ("cur2_2026-08.zip", "cur2", ["00001-cur2-00001.csv.gz"]),
        ("focus_2026-08.zip", "focus", ["00001-focus-00001.csv.gz"]),
    ]


def test_a_window_is_the_months_it_touches(s3: S3, tmp_path: Path) -> None:
    for period in ("20260601-20260701", JULY, AUGUST):
        s3.deliver_report(period, "a1", [report()])

    names = [name for name, _, _ in fetched(s3, tmp_path, "2026-07-31")]
    assert names == ["report_2026-07.zip", "report_2026-08.zip"]


def test_months_before_the_exports_began_bring_nothing(s3: S3, tmp_path: Path) -> None:
    s3.deliver_report("20260901-20261001", "a1", [report()])
    assert fetched(s3, tmp_path) == []


def test_a_bucket_without_any_manifest_says_so(s3: S3, tmp_path: Path) -> None:
    s3.deliver_report("20250101-20250201", "a1", [report()])
    with pytest.raises(HttpError, match="no manifest of a month from 2026-08") as error:
        fetched(s3, tmp_path)
    assert error.value.code == "no_manifest"


def test_a_bucket_that_is_not_ours_is_refused_in_the_storages_words(s3: S3, tmp_path: Path) -> None:
    with pytest.raises(HttpError, match="acme-other") as error:
        fetched(s3, tmp_path, bucket="acme-other")
    assert error.value.permanent


def test_late_and_restated_and_final_months_take_the_place_of_estimates(
    s3: S3, source: Source
) -> None:
    s3.deliver_report(JULY, "a1", [in_month("2026-07", "2026-08")])
    first = pull(source, WINDOW)
    assert [imp.state for imp in first] == ["loaded"]
    assert {w["code"] for w in first[0].warnings} == {"not_final"}
    before = billed()["2026-07"]

    changed = {"bill/InvoiceId": "INV-7", "lineItem/UnblendedCost": "20"}
    s3.deliver_report(JULY, "a2", [in_month("2026-07", "2026-08", **changed)])
    s3.deliver_report(AUGUST, "a1", [in_month("2026-08", "2026-09")])
    again = pull(source, WINDOW)

    assert [imp.state for imp in again] == ["loaded", "loaded"]
    assert billed() == {"2026-07": Decimal(120), "2026-08": before}
    active = Charge.objects.filter(slice__superseded_at=None, charged_on__month=7)
    assert set(active.values_list("invoice_id", flat=True)) == {"INV-7"}


def test_a_delivery_that_came_before_changes_nothing(s3: S3, source: Source) -> None:
    s3.deliver_report(AUGUST, "a1", [in_month("2026-08", "2026-09")])
    pull(source, WINDOW)
    (again,) = pull(source, WINDOW)
    assert again.state == Import.State.DUPLICATE


@pytest.mark.parametrize(
    "how", ["a listed part is missing", "a part is newer than the manifest", "no JSON"]
)
def test_a_half_delivered_month_keeps_its_figures_and_says_why(
    s3: S3, source: Source, how: str
) -> None:
    s3.deliver_report(JULY, "a1", [in_month("2026-07", "2026-08")])
    pull(source, WINDOW)
    before = billed()

    changed = {"lineItem/UnblendedCost": "30"}
    (key,) = s3.deliver_report(JULY, "a2", [in_month("2026-07", "2026-08", **changed)])
    s3.deliver_report(AUGUST, "a1", [in_month("2026-08", "2026-09", **changed)])
    if how == "a listed part is missing":
        s3.delete(key)
    elif how == "a part is newer than the manifest":
        s3.put(key, b"half of the next")
    else:
        s3.put(f"exports/report/{JULY}/report-Manifest.json", b"<html>busy</html>")

    with pytest.raises(HttpError) as error:
        pull(source, WINDOW)

    assert error.value.code == ("bad_answer" if how == "no JSON" else "half_delivered")
    assert not error.value.permanent
    # The month that is whole was booked all the same.
    assert billed() == before | {"2026-08": Decimal(180)}


def test_several_parts_are_one_import(s3: S3, source: Source) -> None:
    whole = in_month("2026-08", "2026-09")
    header, *lines = whole.splitlines(keepends=True)
    parts = [header + b"".join(lines[:5]), header + b"".join(lines[5:])]
    s3.deliver_report(AUGUST, "a1", parts)

    (imp,) = pull(source, WINDOW)

    assert imp.state == Import.State.LOADED, imp.errors
    assert imp.rows + imp.preview["rows_left_out"] == len(lines)
    total = sum(Decimal(row["lineItem/UnblendedCost"]) for row in rows_of(whole))
    assert Decimal(imp.totals["USD"]) + Decimal(imp.out_of_scope["USD"]) == total


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))
