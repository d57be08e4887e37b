"""The vendor's own line, read back from the archive."""

import gzip
import io
import json
import zipfile

import pytest
import zstandard

from finops.ledger.models import Import, Source
from finops.ledger.queries import raw_line
from finops.outside import archive
from tests.tables_made import bill_columns, parquet, workbook
from tests.tables_made import zipped as zipped_all

pytestmark = pytest.mark.django_db

BILL = b'Cost,Note\r\n1.50,plain\r\n2.50,"two\r\nlines"\r\n3.50,last\r\n'


def archived(content):
    source, _ = Source.objects.get_or_create(key="s", name="S", connector="focus")
    stored = archive.put(content)
    return Import.objects.create(
        source=source, state="loaded", filename="f", sha256=stored.sha256, size_bytes=1
    ).pk


def zipped(content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("folder/", "")
        packed.writestr("folder/bill.csv", content)
    return out.getvalue()


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress, zipped]
)
def test_a_line_comes_as_the_vendor_wrote_it_however_it_was_packed(pack):
    imp = archived(pack(BILL))
    assert raw_line(imp, 2) == "1.50,plain"
    assert raw_line(imp, 5) == "3.50,last"


def test_a_quoted_cell_is_shown_whole():
    assert raw_line(archived(BILL), 3).splitlines() == ['2.50,"two', 'lines"']


def test_a_byte_order_mark_is_not_part_of_the_first_line():
    assert raw_line(archived(b"\xef\xbb\xbf" + BILL), 1) == "Cost,Note"


def test_json_lines_are_lines():
    imp = archived(b'{"a": 1}\n\n{"a": 2.50}\n')
    assert (raw_line(imp, 1), raw_line(imp, 3)) == ('{"a": 1}', '{"a": 2.50}')


@pytest.mark.parametrize("indent", [None, 1])
def test_records_of_pages_are_counted_over_all_of_them(indent):
    pages = [
        {"asked": {"day": 1}, "data": [{"results": [{"amount": "1.10"}, {"amount": "2"}]}]},
        {"data": [{"results": []}, {"results": [{"amount": 3}]}]},
    ]
    imp = archived(json.dumps(pages, indent=indent).encode())
    assert json.loads(raw_line(imp, 2)) == {"amount": "2"}
    assert json.loads(raw_line(imp, 3)) == {"amount": 3}


@pytest.mark.parametrize("line", [0, -1, 99])
def test_a_line_that_is_not_there_is_empty(line):
    assert raw_line(archived(BILL), line) == ""


def test_what_was_not_archived_or_is_broken_is_empty():
    assert raw_line(404, 1) == ""
    assert raw_line(archived(gzip.compress(BILL)[:20]), 2) == ""
    source = Source.objects.get(key="s")
    gone = Import.objects.create(
        source=source, state="loaded", filename="f", sha256="0" * 64, size_bytes=1
    )
    assert raw_line(gone.pk, 1) == ""


def test_a_row_of_a_parquet_file_is_shown_as_columns_and_values():
    columns = bill_columns("1.50", "2.25")
    imp = archived(parquet({"BilledCost": columns["BilledCost"], "Note": ["a", None]}))

    assert raw_line(imp, 1) == "BilledCost: 1.50000000000000000000\nNote: a"
    assert raw_line(imp, 2) == "BilledCost: 2.25000000000000000000"
    assert raw_line(imp, 3) == ""


def test_a_row_of_a_sheet_is_found_by_the_number_a_spreadsheet_shows():
    imp = archived(workbook([], ["Cost", "Note"], [1.5, "a"], [], [2, None], title="Bill"))
    Import.objects.filter(pk=imp).update(preview={"sheets": ["Bill"]})

    assert raw_line(imp, 3) == "Cost: 1.5\nNote: a"
    assert raw_line(imp, 5) == "Cost: 2"


def test_lines_go_on_through_the_files_of_a_zip():
    first = parquet({"Cost": ["1", "2"]})
    imp = archived(
        zipped_all(("1.csv", BILL), ("2.parquet", first), ("3.csv.gz", gzip.compress(BILL)))
    )

    assert raw_line(imp, 5) == "3.50,last"
    assert raw_line(imp, 7) == "Cost: 2"
    assert raw_line(imp, 9) == "1.50,plain"


def test_records_go_on_through_the_files_of_a_zip():
    pages = json.dumps([{"a": 1}, {"a": 2}], indent=1).encode()
    imp = archived(zipped_all(("1.json", pages), ("2.jsonl", b'{"a": 3}\n{"a": 4}\n')))

    assert json.loads(raw_line(imp, 2)) == {"a": 2}
    assert raw_line(imp, 4) == '{"a": 4}'
