"""Pulling exports from a storage account: the newest whole run of a month, or the old figures."""

import csv
import gzip
import io
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from billing_ingest.connector import Outside
from billing_ingest.pull import pull
from billing_ingest.registry import connector
from finops.attribution.verify.files import imports_equal_their_files
from finops.ledger.models import Charge, Import, Source
from finops.ledger.secrets import set_secret
from finops.outside.http import Http, HttpError
from finops.periods import Period
from tests.fakes.azure import CONTAINER, SIGNATURE, TOKEN, Container, fake_azure, month_of_costs
from tests.loading import give
from tests.vendor import Answer, vendor

FIRST, END = date(2026, 7, 5), date(2026, 7, 6)
ADDRESS = f"https://account.blob.core.windows.net{CONTAINER}"


@pytest.fixture
def fetched(settings, tmp_path):
    """Fetch from a container, or from a server that answers with a function."""

    def run(container, *, secret=TOKEN, first=FIRST, end=END, **config):
        answer = container.answer if isinstance(container, Container) else container
        with vendor(answer) as api:
            settings.OUTLAY_PRIVATE_HOSTS = [api.host]
            said = {"container_url": ADDRESS, "prefix": "costs/", "api_url": api.url} | config
            outside = Outside(Http(sleep=run.waits.append), said, secret, tmp_path)
            run.asked = api.asked
            run.found = []
            for delivery in connector("azure").fetch(outside, first, end):
                run.found.append(delivery)
            return run.found

    run.waits = []
    return run


def as_table(month: bytes) -> bytes:
    """The lines of a part as a Parquet file, costs as doubles."""
    rows = list(csv.DictReader(io.StringIO(month.decode())))
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    columns["CostInBillingCurrency"] = [float(cost) for cost in columns["CostInBillingCurrency"]]
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def test_only_the_newest_run_of_a_month_is_read(fetched):
    container = Container()
    for number, amount in enumerate(("1.00", "2.00", "3.00"), start=1):
        container.run(
            [month_of_costs(amount)], run=f"9{-number}", submitted=f"2026-07-0{number}T01:00:00Z"
        )
    (delivery,) = fetched(container)
    assert delivery.body.read_bytes() == month_of_costs("3.00")
    assert delivery.document == "actual"


def test_a_run_without_a_manifest_is_still_being_written(fetched):
    container = Container()
    container.run([month_of_costs("1.00")], run="a", submitted="2026-07-01T01:00:00Z")
    container.run([month_of_costs("2.00")], run="b", submitted="2026-07-02T01:00:00Z")
    del container.blobs["costs/daily/20260701-20260731/b/manifest.json"]
    (delivery,) = fetched(container)
    assert delivery.body.read_bytes() == month_of_costs("1.00")


@pytest.mark.parametrize(
    ("kind", "document"),
    [("ActualCost", "actual"), ("AmortizedCost", "amortised"), ("FocusCost", "focus")],
)
def test_the_manifest_says_what_kind_of_bill_it_is(fetched, kind, document):
    container = Container()
    container.run([month_of_costs("1.00")], kind=kind)
    assert [delivery.document for delivery in fetched(container)] == [document]


def test_price_sheets_and_empty_months_deliver_nothing(fetched):
    container = Container()
    container.run([month_of_costs("1.00")], kind="PriceSheet", export="costs/prices")
    container.run([month_of_costs("1.00").splitlines(True)[0]], export="costs/new")
    assert fetched(container) == []


def test_months_outside_the_window_are_not_asked_for(fetched):
    container = Container()
    container.run([month_of_costs("1.00", "2026-06-02")], month="20260601-20260630")
    container.run([month_of_costs("2.00")])
    container.run([month_of_costs("3.00", "2026-08-02")], month="20260801-20260831")
    assert len(fetched(container)) == 1
    assert len(fetched(container, first=date(2026, 6, 30), end=date(2026, 8, 1))) == 2
    assert not [asked for asked in fetched.asked if "20260801" in asked.path]


def test_the_parts_of_a_run_are_one_file(fetched):
    container = Container()
    container.run([month_of_costs("1.00"), month_of_costs("2.00", "2026-07-03")])
    (delivery,) = fetched(container)
    assert delivery.filename.endswith(".zip")
    assert delivery.body.read_bytes()[:2] == b"PK"


@pytest.mark.django_db
@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
def test_parts_of_any_kind_are_one_bill(fetched, suffix):
    months = [month_of_costs("1.00"), month_of_costs("2.50", "2026-07-03")]
    pack = {"csv": bytes, "csv.gz": gzip.compress, "parquet": as_table}[suffix]
    container = Container()
    container.run([pack(month) for month in months], suffix=suffix)
    (delivery,) = fetched(container)
    imp = give("azure", delivery.body, delivery.filename, document=delivery.document)
    assert (imp.errors, imp.rows, imp.totals) == ([], 2, {"USD": "3.5"})
    unread: list[str] = []
    assert (list(imports_equal_their_files(unread)), unread) == ([], [])


def test_packed_parts_and_tables_are_counted_too(fetched):
    container = Container()
    container.run([gzip.compress(month_of_costs("1.00"))], export="costs/gz", suffix="csv.gz")
    table = io.BytesIO()
    pq.write_table(pa.table({"Date": ["2026-07-02", "2026-07-03"]}), table)
    container.run(
        [table.getvalue()], export="costs/table", suffix="parquet", dataRowCount=2,
        blobs=[{"blobName": "costs/table/20260701-20260731/run-1/part_0_0001.parquet",
                "dataRowCount": 2}],
    )  # fmt: skip
    assert len(fetched(container)) == 2


def half_delivered(container):
    container.run([month_of_costs("9.00"), month_of_costs("9.00")], run="b", submitted="2026-07-20")
    return "costs/daily/20260701-20260731/b/"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda blobs, run: blobs.pop(f"{run}part_1_0001.csv"), "which is not there"),
        (lambda blobs, run: blobs.update({f"{run}part_1_0001.csv": b"Date\n"}), "it has 0"),
        (lambda blobs, run: blobs.update({f"{run}part_1_0001.csv": b"\x1f\x8b"}), "it has"),
        (
            lambda blobs, run: blobs.update(
                {f"{run}manifest.json": blobs[f"{run}manifest.json"].replace(
                    b'"blobCount": 2', b'"blobCount": 3')}
            ),
            "says 3 parts and names 2",
        ),
        (
            lambda blobs, run: blobs.update(
                {f"{run}manifest.json": blobs[f"{run}manifest.json"].replace(
                    b'"dataRowCount": 2,', b'"dataRowCount": 5,')}
            ),
            "says 5 rows, its parts 2",
        ),
        (lambda blobs, run: blobs.update({f"{run}manifest.json": b'{"a": 1}'}), "not the manifest"),
        (lambda blobs, run: blobs.update({f"{run}manifest.json": b"<html>"}), "not JSON"),
    ],
)  # fmt: skip
def test_a_half_delivered_run_brings_nothing_of_its_month(fetched, damage, words):
    container = Container()
    container.run([month_of_costs("1.00")], run="a", submitted="2026-07-01")
    damage(container.blobs, half_delivered(container))
    with pytest.raises(HttpError, match=words):
        fetched(container)
    assert fetched.found == []


def test_a_broken_month_keeps_no_other_month_back(fetched):
    container = Container()
    container.run([month_of_costs("1.00", "2026-06-02")], month="20260601-20260630", blobCount=7)
    container.run([month_of_costs("2.00")])
    with pytest.raises(HttpError, match="names 1"):
        fetched(container, first=date(2026, 6, 1))
    assert [delivery.body.read_bytes() for delivery in fetched.found] == [month_of_costs("2.00")]


def test_a_long_list_is_read_page_by_page(fetched):
    container = Container(page=2)
    for number in range(4):
        container.run(
            [month_of_costs("1.00")], run=f"r{number}", submitted=f"2026-07-0{number + 1}"
        )
    assert len(fetched(container)) == 1
    assert len([asked for asked in fetched.asked if "marker" in asked.params]) == 3


LIST = b"<EnumerationResults><Blobs/><NextMarker>m</NextMarker></EnumerationResults>"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (LIST, "same next page twice"),
        (b"<html>sign in</html>", "not the list"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><EnumerationResults/>", "not the list"),
        (b"<EnumerationResults><Blobs>", "not XML"),
        (b"<EnumerationResults><Blobs><Blob><Name>a</Name></Blob></Blobs></EnumerationResults>",
         "without a name or a size"),
        (b"<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>", "no export"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_exports_is_refused(fetched, body, words):
    with pytest.raises(HttpError, match=words):
        fetched(lambda _: Answer(body))


def test_a_busy_store_is_asked_again_when_it_says(fetched):
    container = Container()
    container.run([month_of_costs("1.00")])
    busy = iter([Answer(status=503, headers={"Retry-After": "7"}), Answer(status=500)])
    assert len(fetched(lambda asked: next(busy, None) or container.answer(asked))) == 1
    assert 7 <= fetched.waits[0] < 8


def test_a_wrong_token_is_said_and_never_shown(fetched):
    with pytest.raises(HttpError, match="403") as caught:
        fetched(Container(), secret="sv=1&sig=wr%2Bong")
    assert "wr+ong" not in str(caught.value)
    assert caught.value.permanent

    def echo(asked):
        return Answer(f"no such signature: {SIGNATURE}".encode(), status=403)

    with pytest.raises(HttpError, match=r"\[secret\]") as caught:
        fetched(echo)
    assert SIGNATURE not in str(caught.value)


def test_without_an_address_nothing_is_asked(fetched):
    with pytest.raises(HttpError, match="address of the container"):
        fetched(Container(), container_url="", api_url="")
    assert fetched.asked == []


@pytest.mark.django_db
def test_a_grown_month_replaces_itself_and_a_broken_run_leaves_it(settings):
    container = Container()
    container.run([month_of_costs("1.00")], run="a", submitted="2026-07-03")
    with fake_azure(container) as api:
        settings.OUTLAY_PRIVATE_HOSTS = [api.host]
        config = {"container_url": ADDRESS, "prefix": "costs", "api_url": api.url}
        source = Source.objects.create(key="azure", name="Azure", connector="azure", config=config)
        set_secret(source, f"?{TOKEN}")
        source.save()

        def run():
            return pull(source, Period(FIRST, END), http=Http(sleep=lambda _: None))

        def booked():
            charges = Charge.objects.filter(slice__superseded_at=None)
            return sorted(charge.billed_cost for charge in charges)

        assert [imp.state for imp in run()] == [Import.State.LOADED]
        assert [imp.state for imp in run()] == [Import.State.DUPLICATE]
        parts = [month_of_costs("1.00"), month_of_costs("6.00", "2026-07-04")]
        container.run(parts, run="b", submitted="2026-07-05")
        assert [imp.state for imp in run()] == [Import.State.LOADED]
        assert booked() == [Decimal(1), Decimal(6)]
        damaged = half_delivered(container)
        del container.blobs[f"{damaged}part_0_0001.csv"]
        with pytest.raises(HttpError, match="not there"):
            run()
        assert booked() == [Decimal(1), Decimal(6)]
