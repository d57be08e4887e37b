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
