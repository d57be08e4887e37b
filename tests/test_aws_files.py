"""Every real file of AWS's bills: loaded to the last digit, or refused for a stated reason."""

import csv
import gzip
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from finops.attribution.verify.books import verify
from finops.ledger.models import BillingScope, Import
from tests.loading import books, give
from tests.samples import shared

pytestmark = pytest.mark.django_db
SPEND = "data/spend"
SAMPLES = [
    ("aws-bedrock/cur2_bedrock_constructed.csv", "cur2"),
    ("aws-bedrock/cur2_bedrock_constructed-00001.csv.gz", "cur2"),
    ("aws-bedrock/cur2_bedrock_constructed-00001.snappy.parquet", "cur2"),
    ("aws-cur/2023-06-01-not-final.csv", "cur"),
    ("aws-cur/2023-06-01.csv", "cur"),
    ("nise-synthetic/nise_aws_cur_2000rows.csv", "cur"),
]


def own_sums(path: Path) -> tuple[int, dict[str, Decimal]]:
    """Lines and unblended money per currency, by the standard library, Parquet by Arrow."""
    content = path.read_bytes()
    totals: dict[str, Decimal] = {}
    if path.suffix == ".parquet":
        rows = [
            {name: str(value) for name, value in row.items()}
            for row in pq.read_table(io.BytesIO(content)).to_pylist()
        ]
    else:
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
    for row in rows:
        own = {
            name.replace("/", "_").replace("_", "").lower(): value for name, value in row.items()
        }
        currency = own["lineitemcurrencycode"]
        totals[currency] = totals.get(currency, Decimal(0)) + Decimal(own["lineitemunblendedcost"])
    return len(rows), totals


@pytest.mark.parametrize(("name", "document"), SAMPLES)
@pytest.mark.parametrize("scope", ["ai", "all"])
def test_a_real_file_adds_up_and_loads_once(name, document, scope):
    path = shared(f"{SPEND}/{name}")
    rows, totals = own_sums(path)

    imp = give("aws", path, scope=scope)

    assert (imp.state, imp.document) == (Import.State.LOADED, document)
    assert imp.rows + imp.preview["rows_left_out"] == rows
    for currency, total in totals.items():
        parts = [Decimal(part.get(currency, "0")) for part in (imp.totals, imp.out_of_scope)]
        assert sum(parts) == total
    before = books()
    assert give("aws", path, scope=scope).state == Import.State.DUPLICATE
    assert books() == before
    assert [v for v in verify().violations if v.check.startswith("import_")] == []


def test_a_final_month_of_a_real_report_replaces_its_estimate_by_account():
    """The two files name different payers: the test data of their origin lost a zero."""
    give("aws", shared(f"{SPEND}/aws-cur/2023-06-01-not-final.csv"), scope="all")
    give("aws", shared(f"{SPEND}/aws-cur/2023-06-01.csv"), scope="all")
    accounts = set(BillingScope.objects.values_list("billing_account_id", flat=True))
    assert accounts == {"9999999999999", "0099999999999"}


def test_lines_shorter_than_the_header_refuse_the_file():
    imp = give("aws", shared(f"{SPEND}/aws-cur/test_cur.csv"))
    assert (imp.state, imp.errors[0]["code"]) == (Import.State.REFUSED, "ragged_row")
    assert imp.errors[0]["found"].startswith("130 cells")


def test_a_report_comes_in_a_zip_like_any_other(tmp_path):
    sample = shared(f"{SPEND}/aws-cur/2023-06-01.csv")
    packed = tmp_path / "report-1.csv.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(sample, "report-1.csv")
    imp = give("aws", packed, scope="all")
    assert (imp.state, imp.totals) == (Import.State.LOADED, {"NOK": "30"})
