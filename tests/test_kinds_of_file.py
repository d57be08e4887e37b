"""The same rows come in as CSV, TSV, Parquet or a workbook, and book the same to the last digit."""

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from billing_ingest.recognise import recognise
from finops.ledger.models import Charge, Import, Usage
from tests.bills import bill
from tests.loading import give
from tests.tables_made import bill_columns, bill_rows, parquet, saved, workbook, zipped

pytestmark = pytest.mark.django_db

AMOUNTS = ("10.25", "-0.12345678901234567890", "1e-7", "0")


def usage(*rows: bytes) -> bytes:
    return b"occurred_at,provider,person,requests\n" + b"".join(rows)


def booked(imp: Import) -> list[tuple[object, ...]]:
    charges = Charge.objects.filter(slice__imp=imp).order_by("line")
    return list(charges.values_list("billed_cost", "charge_period_start", "service_name", "tags"))


KINDS = {
    "TSV": lambda: bill(*AMOUNTS).replace(b",", b"\t"),
    "Parquet": lambda: parquet(bill_columns(*AMOUNTS)),
    "Parquet packed again": lambda: gzip.compress(parquet(bill_columns(*AMOUNTS))),
    "workbook": lambda: workbook(*bill_rows(*AMOUNTS)),
    "Parquet in a zip": lambda: zipped(("bill", parquet(bill_columns(*AMOUNTS)))),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_books_what_the_csv_books(kind):
    wanted = booked(give("focus", bill(*AMOUNTS), key="csv"))
    imp = give("focus", KINDS[kind](), "bill.bin", key="other", scope="all")

    assert (imp.errors, imp.rows) == ([], 4)
    assert Decimal(imp.totals["USD"]) == sum(map(Decimal, AMOUNTS))
    assert booked(imp) == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_recognised_by_what_is_in_it(kind, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(KINDS[kind]())

    assert recognise(path, "anything").document.name == "cost"


def test_a_parquet_row_is_named_by_its_number(tmp_path):
    columns = bill_columns("1", "2", "3")
    columns["BillingCurrency"] = ["USD", "USD", "usd"]
    imp = give("focus", parquet(columns), "bill.parquet")

    error = imp.errors[0]
    assert (error["code"], error["line"], error["file"]) == ("unknown_currency", 3, "bill.parquet")


def test_a_sheet_s_row_is_named_as_the_spreadsheet_names_it():
    rows = bill_rows("1", "2", "x")
    imp = give("focus", workbook([], [], *rows[:2], [], *rows[2:]), "bill.xlsx")

    error = imp.errors[0]
    assert (error["code"], error["line"], error["file"]) == (
        "amount_format", 7, "bill.xlsx, sheet Bill",
    )  # fmt: skip


MOMENT = datetime(2026, 10, 5, 10, 30, tzinfo=UTC)
NAIVE = datetime(2026, 10, 5, 10, 30)  # noqa: DTZ001 - a file says no zone
AT = [int(MOMENT.timestamp()) * 10**9]
TIMES = {
    "microseconds with a zone": pa.array([MOMENT], pa.timestamp("us", tz="UTC")),
    "in a zone elsewhere": pa.array([MOMENT], pa.timestamp("ms", tz="Asia/Kolkata")),
    "nanoseconds with a zone": pa.array(AT, pa.timestamp("ns", tz="UTC")),
    "nanoseconds": pa.array(AT, pa.timestamp("ns")),
    "milliseconds": pa.array([NAIVE], pa.timestamp("ms")),
    "text": ["2026-10-05T10:30:00Z"],
    "a category": pa.array(["2026-10-05 10:30:00"]).dictionary_encode(),
    "bytes": pa.array([b"2026-10-05T10:30:00Z"], pa.binary()),
}  # fmt: skip


@pytest.mark.parametrize("kind", TIMES)
def test_times_of_parquet_are_moments(kind):
    columns = {"occurred_at": TIMES[kind], "provider": ["anthropic"], "requests": [1]}
    imp = give("usage_csv", parquet(columns), "log.parquet")

    assert imp.errors == []
    assert Usage.objects.get().occurred_at == MOMENT.replace(minute=0)


def test_old_times_of_parquet_are_moments():
    columns = {
        "occurred_at": pa.array([NAIVE], pa.timestamp("us")),
        "provider": ["a"],
        "requests": [1],
    }
    imp = give("usage_csv", parquet(columns, use_deprecated_int96_timestamps=True))

    assert imp.errors == []
    assert Usage.objects.get().occurred_at == MOMENT.replace(minute=0)


def test_days_and_counts_of_parquet_are_days_and_counts():
    columns = {
        "occurred_at": pa.array([date(2026, 10, 5)]), "provider": ["anthropic"],
        "requests": pa.array([3.0], pa.float64()),  # what pandas makes of a column with gaps
        "input_tokens": pa.array([None], pa.float64()), "output_tokens": pa.array([2**40]),
        "tags": pa.array(['{"team":"door"}']),
    }  # fmt: skip
    give("usage_csv", parquet(columns), "log.parquet")

    row = Usage.objects.get()
    assert (row.grain, row.requests, row.output_tokens) == ("day", 3, 2**40)
    assert row.tags == {"team": "door"}


def test_nested_columns_are_kept_as_json_to_the_last_digit():
    kind = pa.struct([("rate", pa.decimal128(38, 20)), ("tags", pa.map_(pa.string(), pa.string()))])
    nested = pa.array(
        [[{"rate": Decimal("0.12345678901234567890"), "tags": [("k", 'v"')]}]], pa.list_(kind)
    )
    give("focus", parquet({**bill_columns("1"), "x_Discounts": nested}))

    extras = Charge.objects.values_list("extras", flat=True).get()
    said = extras["x_Discounts"] if isinstance(extras["x_Discounts"], str) else json.dumps(extras)
    assert "0.12345678901234567890" in said
    assert "k" in said


def test_columns_of_a_type_that_arrow_made_up_are_read_as_what_they_hold():
    class Named(pa.ExtensionType):
        def __init__(self) -> None:
            super().__init__(pa.string(), "outlay.test")

        def __arrow_ext_serialize__(self) -> bytes:
            return b"cos\nsystem\n(S'touch /tmp/never'\ntR."

        @classmethod
        def __arrow_ext_deserialize__(cls, storage, serialized):
            raise AssertionError("nobody runs what a file says")

    provider = pa.ExtensionArray.from_storage(Named(), pa.array(["anthropic"]))
    columns = {"occurred_at": ["2026-10-05"], "provider": provider, "requests": [1]}

    assert give("usage_csv", parquet(columns)).rows == 1


# --- workbooks -----------------------------------------------------------------------------------


def test_numbers_of_a_sheet_are_what_a_person_typed():
    rows = bill_rows("1", "2", "3", "4")
    for row, amount in zip(rows[1:], (0.1, 1234.5, 1e-7, 12), strict=True):
        row[:4] = [amount] * 4
    imp = give("focus", workbook(*rows))

    assert imp.errors == []
    found = Charge.objects.order_by("line").values_list("billed_cost", flat=True)
    assert list(found) == [Decimal("0.1"), Decimal("1234.5"), Decimal("1e-7"), Decimal(12)]


@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
def test_dates_of_a_sheet_are_days_and_moments(epoch):
    book = openpyxl.Workbook()
    if epoch:
        book.epoch = epoch
    sheet = book.active
    sheet.append(["occurred_at", "provider", "requests"])
    sheet.append([date(2026, 10, 5), "anthropic", 1])
    sheet.append([NAIVE, "anthropic", 2])
    sheet["A3"].number_format = 'yyyy"-"mm"-"dd\\ hh:mm:ss'
    imp = give("usage_csv", saved(book))

    assert imp.errors == []
    found = Usage.objects.order_by("requests").values_list("occurred_at", "grain")
    assert list(found) == [
        (datetime(2026, 10, 5, tzinfo=UTC), "day"), (datetime(2026, 10, 5, 10, tzinfo=UTC), "hour"),
    ]  # fmt: skip


def test_the_sheets_that_hold_the_bill_are_read_and_no_other():
    october, november = bill_rows("1", "2"), bill_rows("5")
    book = workbook(["A note"], title="Cover", October=october, November=november, Notes=[["x"]])
    imp = give("focus", book, "bill.xlsx")

    assert (imp.errors, imp.rows) == ([], 3)
    assert Decimal(imp.totals["USD"]) == 8
    assert imp.preview["sheets"] == ["October", "November"]


def test_what_a_sheet_says_beside_text_is_text():
    rows = [["email", "team"], ["ana@example.com", True], ["bo@example.com", "000123"]]
    imp = give("people_csv", workbook(*rows))

    assert imp.errors == []
    assert imp.rows == 2


def test_a_formula_with_its_result_is_its_result():
    from tests.tables_made import changed_part

    rows = [["occurred_at", "provider", "requests"], ["2026-10-05", "anthropic", 4]]
    book = changed_part(
        workbook(*rows), "xl/worksheets/sheet1.xml", b"<v>4</v>", b"<f>2+2</f><v>4</v>"
    )

    assert give("usage_csv", book).errors == []
    assert Usage.objects.get().requests == 4


# --- zips of several files -----------------------------------------------------------------------


def test_the_files_of_a_zip_are_one_import_whatever_their_form():
    parts = zipped(
        ("1.csv", bill("1", "2")), ("folder/2.csv.gz", gzip.compress(bill("3"))),
        ("3.parquet", parquet(bill_columns("4", "5"))), ("__MACOSX/._1.csv", b"x"),
    )  # fmt: skip
    imp = give("focus", parts, "bill.zip")

    assert (imp.errors, imp.rows) == ([], 5)
    assert Decimal(imp.totals["USD"]) == 15
    # Lines are counted through the parts.
    assert list(Charge.objects.order_by("line").values_list("line", flat=True)) == [2, 3, 5, 6, 7]
    assert give("focus", parts, "bill.zip").state == "duplicate"


def test_the_files_of_a_zip_may_order_their_columns_as_they_like():
    first = usage(b"2026-10-05,anthropic,ana,1\n")
    second = b"requests;x_note;provider;occurred_at\n2;kept;anthropic;2026-10-05\n"
    imp = give("usage_csv", zipped(("1.csv", first), ("2.csv", second)))

    assert (imp.errors, imp.rows) == ([], 2)
    assert sum(Usage.objects.values_list("requests", flat=True)) == 3
    assert "semicolons" in imp.warnings[0]["message"]


def test_a_line_is_named_by_its_file_in_the_zip():
    torn = usage(b"2026-10-05,anthropic,ana,1\n", b"2026-10-05,anthropic,ana,1.5\n")
    body = zipped(("1.csv", usage(b'2026-10-05,anthropic,"a\nna",1\n')), ("2.csv", torn))
    error = give("usage_csv", body).errors[0]

    assert (error["file"], error["line"], error["code"]) == ("2.csv", 3, "bad_type")
    assert "line 3" in error["message"]


def test_json_lines_of_several_files_are_one_import():
    from tests.test_bad_json import pull

    body = zipped(
        ("1.jsonl", pull(1) + b"\n\n" + pull(2) + b"\n"), ("2.json", b"[" + pull(3) + b"]"),
        ("3.jsonl.gz", gzip.compress(pull(4) + b"\n")),
    )  # fmt: skip
    imp = give("github", body, "pulls.zip", document="pull_requests")

    assert (imp.errors, imp.rows) == ([], 4)
