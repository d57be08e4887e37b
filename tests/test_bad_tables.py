"""Parquet files, workbooks and zips that are wrong: refused by code, with the books as they were."""

import io
import zipfile
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from billing_ingest import archives
from finops.outside import apart
from tests.bills import bill
from tests.loading import books, give
from tests.tables_made import (
    bill_columns,
    bill_rows,
    changed_part,
    parquet,
    saved,
    workbook,
    zipped,
)
from tests.test_bad_input import GOOD, usage

pytestmark = pytest.mark.django_db

LOG = {"occurred_at": ["2026-10-05"], "provider": ["anthropic"], "requests": [1]}
PARQUET = parquet(LOG)
SHEET = "xl/worksheets/sheet1.xml"


def bill_with(**columns: pa.Array) -> bytes:
    return parquet({**bill_columns("1"), **columns})


def log_with(**columns: pa.Array) -> bytes:
    return parquet({**LOG, **columns})


def twice() -> bytes:
    out = io.BytesIO()
    arrays = [pa.array(["2026-10-05"]), pa.array(["a"]), pa.array([1]), pa.array([2])]
    table = pa.Table.from_arrays(arrays, names=["occurred_at", "provider", "requests", "Requests"])
    pq.write_table(table, out)
    return out.getvalue()


BAD_PARQUET = {
    "B63 cut": ("usage_csv", PARQUET[:-40], "corrupt_parquet", None),
    "B63 nothing but the mark": ("usage_csv", b"PAR1", "corrupt_parquet", None),
    "B63 footer of 4 GB": ("usage_csv", PARQUET[:-8] + b"\xff\xff\xff\xffPAR1", "corrupt_parquet", None),
    "B63 torn inside": ("usage_csv", PARQUET[:20] + b"\xff" * 60 + PARQUET[80:], "corrupt_parquet", None),
    "B65 money as floats": ("focus", bill_with(BilledCost=pa.array([1.1])), "float_money", "BilledCost"),
    "B65 half as long": (
        "usage_csv", log_with(list_cost=pa.array([1.1], pa.float32())), "float_money", "list_cost",
    ),
    "B66 decimal256": (
        "focus", bill_with(BilledCost=pa.array([Decimal("1.5")], pa.decimal256(60, 4))),
        "unsupported_type", "BilledCost",
    ),
    "B67 money in a list": ("focus", bill_with(BilledCost=pa.array([[1]])), "unsupported_type", "BilledCost"),
    "B67 money in an object": (
        "focus", bill_with(BilledCost=pa.array([{"usd": 1}])), "unsupported_type", "BilledCost",
    ),
    "B69 encrypted": ("usage_csv", b"PARE" + PARQUET[4:-4] + b"PARE", "encrypted_parquet", None),
    "text that is not UTF-8": (
        "usage_csv", log_with(person=pa.array([b"\xff"], pa.binary())), "encoding", None,
    ),
    "a column twice": ("usage_csv", twice(), "duplicate_column", "requests"),
    "a missing column": ("usage_csv", parquet({"occured_at": ["x"], "provider": ["a"], "requests": [1]}),
                         "missing_column", "occurred_at"),
    "no rows": ("usage_csv", parquet({name: pa.array([], pa.string()) for name in LOG}), "no_rows", None),
    "a cell of 3 MB": ("usage_csv", log_with(person=["x" * 3_000_000]), "line_too_long", None),
}  # fmt: skip


def log_sheet(*cells: object) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.active.append(["occurred_at", "provider", "requests"])
    book.active.append(list(cells))
    return book


def with_formula() -> bytes:
    return saved(log_sheet("2026-10-05", "anthropic", "=1+1"))


def with_number(text: bytes) -> bytes:
    rows = bill_rows("1")
    rows[1][0] = 77
    return changed_part(workbook(*rows), SHEET, b"<v>77</v>", b"<v>" + text + b"</v>")


def with_doctype(declared: bytes) -> bytes:
    body = saved(log_sheet("2026-10-05", "anthropic", 1))
    return changed_part(body, SHEET, b"<worksheet", declared + b"<worksheet")


def with_entry(name: str) -> bytes:
    body = io.BytesIO(saved(log_sheet("2026-10-05", "anthropic", 1)))
    with zipfile.ZipFile(body, "a") as archive:
        archive.writestr(name, b"x")
    return body.getvalue()


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12)
) + b"]>"  # fmt: skip

BAD_WORKBOOKS = {
    "B70 entity of a file": (
        "usage_csv", with_doctype(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
        "unsafe_workbook", None,
    ),
    "B70 billion laughs": ("usage_csv", with_doctype(LAUGHS), "unsafe_workbook", None),
    "B72 formula without a result": ("usage_csv", with_formula(), "formula_cell", 2),
    "B72 macros": ("usage_csv", with_entry("xl/vbaProject.bin"), "unsupported_workbook", None),
    "B72 binary": ("usage_csv", zipped(("xl/workbook.bin", b"x")), "unsupported_workbook", None),
    "B72 old .xls": ("usage_csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "unsupported_workbook", None),
    "a document of words": ("usage_csv", zipped(("word/document.xml", b"<x/>")), "unsupported_workbook", None),
    "no sheet in it": (
        "usage_csv", zipped(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")), "corrupt_workbook", None,
    ),
    "nothing in the sheet": ("usage_csv", saved(openpyxl.Workbook()), "no_rows", None),
    "more digits than a number keeps": ("focus", with_number(b"0.12345678901234567890"), "number_digits", 2),
    "a cell that is no number": ("focus", with_number(b"12x"), "bad_cell", 2),
    "a cell beside the table": (
        "usage_csv", workbook(["occurred_at", "provider", "requests"], ["2026-10-05", "a", 1, None, "x"]),
        "ragged_row", 2,
    ),
    "a gap in the header": (
        "usage_csv", workbook(["occurred_at", None, "provider", "requests"], ["2026-10-05", 1, "a", 1]),
        "bad_header", 1,
    ),
    "B19 total row": (
        "usage_csv", workbook(["occurred_at", "provider", "requests"], ["2026-10-05", "a", 1], ["Total", None, 1]),
        "unexpected_total_row", 3,
    ),
    "a row of 3 MB": (
        "usage_csv",
        changed_part(
            workbook(["occurred_at", "provider", "requests"], [77, "a", 1]), SHEET,
            b"<v>77</v>", b"<v>" + b"7" * 3_000_000 + b"</v>",
        ),
        "line_too_long", 2,
    ),
}  # fmt: skip


def refused(connector: str, content: bytes, name: str = "bad.bin") -> dict[str, object]:
    """Load a bad file between two looks at the books; return what is said of it."""
    before = books()
    imp = give(connector, content, name)
    assert imp.state == "refused"
    assert books() == before
    error: dict[str, object] = imp.errors[0]
    assert error["message"]
    assert error["file"]
    assert error["fix"]
    return error


@pytest.mark.parametrize("name", BAD_PARQUET)
def test_a_bad_parquet_file_is_refused_by_code_and_column(name):
    connector, content, code, column = BAD_PARQUET[name]
    error = refused(connector, content)

    assert (error["code"], error["column"]) == (code, column)
    assert give("usage_csv", PARQUET, "good.parquet").state == "loaded"


@pytest.mark.parametrize("name", BAD_WORKBOOKS)
def test_a_bad_workbook_is_refused_by_code_and_row(name):
    connector, content, code, line = BAD_WORKBOOKS[name]
    error = refused(connector, content)

    assert (error["code"], error["line"]) == (code, line)
    assert give("usage_csv", GOOD, "good.csv").state == "loaded"


def test_floats_are_money_where_the_vendor_has_nothing_else(monkeypatch):
    from dataclasses import replace

    from billing_ingest.connectors.focus import connector as focus

    takes_floats = replace(focus.CONNECTOR.documents[0], floats=True)
    monkeypatch.setattr(
        "billing_ingest.load.connector_of",
        lambda _: replace(focus.CONNECTOR, documents=(takes_floats,)),
    )
    costs = {f"{kind}Cost": pa.array([0.1, 1234.5, 1e-7]) for kind in ("Billed", "Effective")}
    imp = give("focus", parquet({**bill_columns("1", "2", "3"), **costs}))

    assert imp.errors == []
    assert Decimal(imp.totals["USD"]) == Decimal("1234.6000001")


def test_files_of_different_kinds_are_named_and_not_one_import():
    error = refused("anthropic", zipped(("a.json", COSTS), ("b.json", MESSAGES)))

    assert error["code"] == "several_files"
    assert "a.json is" in str(error["found"])


COSTS = b'{"data": [{"results": [{"amount": "1", "currency": "USD", "cost_type": "tokens"}]}]}'
MESSAGES = b'{"data": [{"results": [{"uncached_input_tokens": 1, "cache_creation": {}}]}]}'


def test_a_stranger_among_the_files_of_a_zip_is_named():
    error = refused("focus", zipped(("a.csv", bill("1")), ("notes.csv", b"a,b\n1,2\n")))

    assert (error["code"], error["file"]) == ("missing_column", "notes.csv")


def test_an_empty_file_among_others_is_named():
    error = refused("usage_csv", zipped(("a.csv", GOOD), ("b.csv", b"")))

    assert (error["code"], error["file"]) == ("no_rows", "b.csv")


def test_a_part_without_rows_is_fine_beside_one_with_rows():
    imp = give("usage_csv", zipped(("a.csv", usage()), ("b.csv", GOOD)))

    assert (imp.errors, imp.rows) == ([], 1)


@pytest.mark.slow
def test_a_zip_of_far_too_many_files_is_refused_before_any_is_opened(monkeypatch):
    body = zipped(*[(f"{n}.csv", b"") for n in range(100_000)])
    monkeypatch.setattr(archives.zipfile, "ZipFile", None)

    error = refused("usage_csv", body)
    assert (error["code"], error["found"]) == ("too_many_files", "100000")


@pytest.mark.slow
def test_a_zip_that_hides_how_many_files_it_holds_is_counted_by_its_table():
    body = bytearray(zipped(*[(f"{'x' * 60}{n}.csv", b"") for n in range(100_000)]))
    end = body.rfind(b"PK\x05\x06")
    body[end + 8 : end + 12] = (1).to_bytes(2, "little") * 2

    assert refused("usage_csv", bytes(body))["code"] in ("too_many_files", "truncated_archive")


def test_files_that_lie_over_one_another_are_no_zip():
    """Many names for one run of packed bytes: small outside, endless inside."""
    body = bytearray(zipped(("0.csv", GOOD * 2000)))
    end = body.rfind(b"PK\x05\x06")
    start = int.from_bytes(body[end + 16 : end + 20], "little")
    table = bytes(body[start:end])
    many = table * 500
    tail = body[end:]
    tail[8:12] = (500).to_bytes(2, "little") * 2
    tail[12:16] = len(many).to_bytes(4, "little")
    bomb = bytes(body[:start]) + many + bytes(tail)

    assert refused("usage_csv", bomb)["code"] == "archive_ratio"


@pytest.mark.parametrize(
    ("script", "code"),
    {
        "import os; os.abort()": -6,
        "x = bytearray(3 << 30)": 1,
        "while True: pass": -9,
    }.items(),
)
def test_a_reader_that_crashes_fills_memory_or_hangs_ends_alone(tmp_path, script, code):
    path = tmp_path / "reader.py"
    path.write_text(script)

    assert apart.run(path, [], apart.Limits(seconds=1)).code == code


def test_a_crash_of_the_reader_is_a_refusal(monkeypatch, tmp_path):
    script = tmp_path / "reader.py"
    script.write_text("import os; os.abort()")
    monkeypatch.setattr("billing_ingest.typed.PARQUET", script)
    monkeypatch.setattr("billing_ingest.typed.BYTES_A_SECOND", {script: 1})

    assert refused("usage_csv", PARQUET)["code"] == "corrupt_parquet"


def test_a_reader_sees_no_secret_of_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "canary")
    path = tmp_path / "reader.py"
    path.write_text("import os; print('canary' in str(os.environ))")

    assert apart.run(path, [], apart.Limits()).output == b"False\n"
