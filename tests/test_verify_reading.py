"""The second reader: what a bill says, to the last digit, without the code that loaded it."""

import gzip
import io
import json
import zipfile
from decimal import Decimal

import pytest
import zstandard

from finops.attribution.verify import reading
from finops.attribution.verify.readers import anthropic, focus
from tests.bills import bill
from tests.small_books import BILLED, FILE
from tests.tables_made import bill_columns, bill_rows, parquet, workbook, zipped


@pytest.fixture
def read(tmp_path):
    def totals(content: bytes, reader=focus.focus_csv) -> dict[str, Decimal]:
        (tmp_path / "file").write_bytes(content)
        return dict(reading.sums_of(tmp_path / "file", reader).totals)

    return totals


def test_focus_sums_are_exact_to_the_last_digit(read):
    content = (
        b"\xef\xbb\xbfBillingCurrency;Note;BilledCost\r\n"
        b'USD;"two\r\nlines";0.123456789012345678901\r\n'
        b"USD;x;99999999999999.1\r\n"
        b"EUR;x;1E-7\r\n\r\n"
        b"USD;x;-0.00\r\n"
    )
    assert read(content) == {
        "USD": Decimal("99999999999999.223456789012345678901"),
        "EUR": Decimal("1E-7"),
    }


def test_signs_and_groups_of_three_are_read_as_people_write_them(read):
    content = b'billedcost,billingcurrency\n"$1,234.50",USD\n-$0.25,USD\n'
    assert read(content) == {"USD": Decimal("1234.25")}


def test_packed_files_are_read_through(read):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as bundle:
        bundle.writestr("a.csv", FILE)
        bundle.writestr("b.csv", FILE)
        bundle.writestr("__MACOSX/a.csv", b"junk")
    assert read(zstandard.compress(FILE)) == {"USD": Decimal(BILLED)}
    assert read(gzip.compress(FILE)) == {"USD": Decimal(BILLED)}
    assert read(packed.getvalue()) == {"USD": 2 * Decimal(BILLED)}


def test_anthropic_cents_become_dollars_in_every_form_of_json(read):
    page = {"data": [{"results": [{"currency": "USD", "amount": "123.78912"}]}]}
    expected = {"USD": Decimal("1.2378912")}
    for text in (json.dumps(page), json.dumps(page, indent=2), json.dumps([page])):
        assert read(text.encode(), anthropic.anthropic_costs) == expected
    lines = f"{json.dumps(page)}\n\n{json.dumps(page)}\n"
    assert read(lines.encode(), anthropic.anthropic_costs) == {"USD": Decimal("2.4757824")}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Cost,Currency\n1,USD\n",
        b"BilledCost,BillingCurrency\nNaN,USD\n",
        b"BilledCost,BillingCurrency\nabc,USD\n",
        b"BilledCost,BillingCurrency\n1\n",
        gzip.compress(FILE, mtime=0)[:-9],
        b"PK\x03\x04broken",
    ],
)
def test_a_file_the_reader_cannot_follow_is_refused(read, content):
    with pytest.raises(reading.UnreadableError):
        read(content)


def test_every_kind_of_file_says_the_same_to_the_second_reader(read):
    amounts = ("10.25", "-0.12345678901234567890", "0.1")
    wanted = {"USD": sum(map(Decimal, amounts))}
    as_parquet = parquet(bill_columns(*amounts))
    packed = zipped(("1.csv.gz", gzip.compress(bill("1.5"))), ("2.parquet", as_parquet))

    assert read(bill(*amounts)) == wanted
    assert read(as_parquet) == wanted
    assert read(gzip.compress(as_parquet)) == wanted
    assert read(packed) == {"USD": wanted["USD"] + Decimal("1.5")}


def test_only_the_sheets_that_were_loaded_are_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(workbook(["a note"], title="Cover", Bill=bill_rows("1.5", "2.25")))

    sums = reading.sums_of(path, focus.focus_csv, ["Bill"])
    assert (sums.totals, sums.rows) == ({"USD": Decimal("3.75")}, 2)


def test_a_table_that_cannot_be_read_is_no_table_without_rows(read):
    as_parquet = parquet(bill_columns("1", "2"))
    with pytest.raises(reading.UnreadableError):
        read(as_parquet[:-30])
