"""Files that are wrong: each is refused whole, by code and line, and leaves the books as they were.

The names in brackets are the lines of the list of bad inputs that the product is held to.
"""

import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from decimal import Decimal

import pytest
import zstandard

from billing_ingest import unpack
from finops.people.models import Team
from tests.bills import bill
from tests.loading import books, give

pytestmark = pytest.mark.django_db

HEAD = b"occurred_at,provider,person,model,requests,list_cost,tags\n"
ROW = b"2026-10-05T10:00:00Z,anthropic,ana@example.com,m,1,0.5,\n"
GOOD = HEAD + ROW


def usage(*rows: bytes) -> bytes:
    return HEAD + b"".join(rows)


def cost(text: str) -> bytes:
    return usage(f'2026-10-05T10:00:00Z,anthropic,,m,1,"{text}",\n'.encode())


def money(**changes: str) -> bytes:
    """A FOCUS bill of two lines whose second one is changed."""
    body = bill("10", "20").decode().splitlines()
    names, cells = body[0].split(","), body[2].split(",")
    for name, value in changes.items():
        cells[names.index(name)] = '"' + value.replace('"', '""') + '"'
    return "\n".join([*body[:2], ",".join(cells), ""]).encode()


def zipped(*entries: tuple[str, bytes], **more: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = more.get("attributes", 0)
            archive.writestr(info, content)
    body = target.getvalue()
    if flags := more.get("flags"):
        at = body.rfind(b"PK\x01\x02")
        body = body[: at + 8] + flags.to_bytes(2, "little") + body[at + 10 :]
    return body


def with_wrong_checksum(packed: bytes) -> bytes:
    return packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]


ZSTD = zstandard.ZstdCompressor().compress(GOOD)
GZIP = gzip.compress(GOOD)

# name -> (content, code, line, column)
BAD_CSV: dict[str, tuple[bytes, str, int | None, str | None]] = {
    "B01 empty": (b"", "empty_file", None, None),
    "B02 header only": (HEAD, "no_rows", 1, None),
    "B03 blank lines": (b"\n  \n\r\n", "no_rows", None, None),
    "B04 two marks": (b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD, "bad_header", 1, "1"),
    "B05 UTF-16": (GOOD.decode().encode("utf-16"), "encoding", 1, None),
    "B06 Windows-1252": (usage(ROW, "2026-10-05,anthropic,Zoë,m,1,,\n".encode("cp1252")), "encoding", 3, None),
    "B07 late Windows-1252": (usage(*[ROW] * 60_000, b"2026-10-05,a,\xe9,m,1,,\n"), "encoding", 60_002, None),
    "B08 zero byte": (usage(ROW, b"2026-10-05,anthropic,a\x00b,m,1,,\n"), "nul_byte", 3, None),
    "B09 open quote": (usage(ROW, b'2026-10-05,anthropic,"ana,m,1,,\n', ROW, ROW), "unclosed_quote", 3, None),
    "B09 text after a quote": (usage(ROW, b'2026-10-05,anthropic,"ana"x,m,1,,\n'), "unclosed_quote", 3, None),
    "B13 short row": (usage(ROW, b"2026-10-05,anthropic\n", ROW), "ragged_row", 3, None),
    "B14 long row": (usage(ROW, b"2026-10-05,anthropic,,m,1,,,9\n", ROW), "ragged_row", 3, None),
    "B15 every row long": (HEAD + ROW[:-1] + b",9\n" + ROW[:-1] + b",9\n", "ragged_row", 2, None),
    "B13 blank line inside": (usage(ROW, b"\n", ROW), "ragged_row", 3, None),
    "B16 doubled column": (b"occurred_at,provider,requests,Requests\n2026-10-05,a,1,2\n",
         "duplicate_column", 1, "requests"),
    "B17 missing column": (b"occured_at,provider,requests\n2026-10-05,a,1\n", "missing_column", 1, "occurred_at"),
    "B19 total row": (usage(ROW, ROW, b"Total,,,,2,1.0,\n"), "unexpected_total_row", 4, None),
    "B19 short total row": (usage(ROW, ROW, b"Total,2\n"), "unexpected_total_row", 4, None),
    "B20 thousands": (cost("1,234.56"), "amount_format", 2, "list_cost"),
    "B21 comma": (cost("1.234,56"), "amount_format", 2, "list_cost"),
    "B22 sign": (cost("$12.30"), "amount_format", 2, "list_cost"),
    "B23 brackets": (cost("(12.30)"), "amount_format", 2, "list_cost"),
    "B24 NaN": (cost("NaN"), "amount_not_finite", 2, "list_cost"),
    "B24 infinity": (cost("-Infinity"), "amount_not_finite", 2, "list_cost"),
    "B24 beyond": (cost("1e400"), "amount_not_finite", 2, "list_cost"),
    "B28 underscore": (cost("1_000"), "amount_format", 2, "list_cost"),
    "B28 wide digits": (cost("１２"), "amount_format", 2, "list_cost"),
    "B31 no measure": (usage(ROW, b"2026-10-05,anthropic,ana,m,,,\n"), "missing_value_beside", 3, "occurred_at"),
    "B31 no provider": (usage(ROW, b"2026-10-05,,ana,m,1,,\n"), "missing_value", 3, "provider"),
    "B34 two readings": (usage(b"03/04/2026,anthropic,,m,1,,\n"), "ambiguous_date", 2, "occurred_at"),
    "B35 no such day": (usage(b"2026-02-30,anthropic,,m,1,,\n"), "bad_date", 2, "occurred_at"),
    "B35 no day at all": (usage(b"0000-00-00,anthropic,,m,1,,\n"), "bad_date", 2, "occurred_at"),
    "B35 far away": (usage(b"2126-01-01,anthropic,,m,1,,\n"), "date_out_of_range", 2, "occurred_at"),
    "B36 zones": (usage(ROW, b"2026-10-05T10:00:00,anthropic,,m,1,,\n"), "mixed_timezone", 3, "occurred_at"),
    "B42 columns": (HEAD[:-1] + b"," + b",".join(b"x%d" % n for n in range(3000)) + b"\n", "too_many_columns", 1, None),
    "B48 picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "not_csv", None, None),
    "B48 document": (b"%PDF-1.7\n", "not_csv", None, None),
    "B48 web page": (b"\n<!DOCTYPE html><html>", "not_csv", None, None),
    "B48 program": (b"\x7fELF\x02\x01", "not_csv", None, None),
    "B79 fraction of a count": (usage(b"2026-10-05,anthropic,,m,12.0,,\n"), "bad_type", 2, "requests"),
    "B79 negative count": (usage(b"2026-10-05,anthropic,,m,-5,,\n"), "negative_count", 2, "requests"),
    "tags that are no JSON": (usage(b"2026-10-05,anthropic,,m,1,,{a:1}\n"), "bad_json", 2, "tags"),
    "tags with an escaped zero": (usage(b'2026-10-05,anthropic,,m,1,,"{""a"":""\\u0000""}"\n'), "bad_json", 2, "tags"),
    "tags the database refuses": (usage(b'2026-10-05,anthropic,,m,1,,"{""a"":NaN}"\n'), "bad_value", None, "tags"),
    "a person of a page": (usage(b"2026-10-05,anthropic," + b"x" * 2001 + b",m,1,,\n"), "too_long", 2, "person"),
}  # fmt: skip

BAD_MONEY: dict[str, tuple[bytes, str, str | None]] = {
    "B27 decimals": (money(BilledCost="0.1234567890123456789012345"), "amount_scale", "BilledCost"),
    "B31 no amount": (money(BilledCost=""), "missing_value", "BilledCost"),
    "B31 no currency": (money(BillingCurrency=""), "missing_value", "BillingCurrency"),
    "B33 placeholder": (money(BillingCurrency="XXX"), "unknown_currency", "BillingCurrency"),
    "B33 small letters": (money(BillingCurrency="usd"), "unknown_currency", "BillingCurrency"),
    "B33 sign": (money(BillingCurrency="US$"), "unknown_currency", "BillingCurrency"),
    "B22 sign of another currency": (money(BilledCost="€12.30"), "amount_format", "BilledCost"),
    "B20 sign without decimals": (money(BilledCost="$1,234"), "amount_format", "BilledCost"),
    "too large": (money(BilledCost="12345678901"), "amount_too_large", "BilledCost"),
    "a category of its own": (money(ChargeCategory="Refund"), "not_allowed", "ChargeCategory"),
    "null where none may be": (money(EffectiveCost=""), "missing_value", "EffectiveCost"),
    "two readings of a date": (
        money(ChargePeriodStart="10/2/26", ChargePeriodEnd="10/3/26"), "ambiguous_date", "ChargePeriodStart",
    ),
}  # fmt: skip

BAD_ARCHIVES: dict[str, tuple[bytes, str]] = {
    "B49 cut gzip": (GZIP[:-12], "truncated_archive"),
    "B49 cut zstd": (ZSTD[:-3], "truncated_archive"),
    "B49 cut zip": (zipped(("a.csv", GOOD))[:-30], "truncated_archive"),
    "B50 checksum": (with_wrong_checksum(GZIP), "corrupt_archive"),
    "B51 trailing bytes": (GZIP + b"garbage", "corrupt_archive"),
    "B53 gzip in gzip": (gzip.compress(gzip.compress(GZIP)), "nested_archive"),
    "B53 zip in zip": (zipped(("a.zip", zipped(("b.csv", GOOD)))), "nested_archive"),
    "B56 entries": (zipped(*[(f"{n}.csv", b"") for n in range(1001)]), "too_many_files"),
    "B57 upwards": (zipped(("../../x.csv", GOOD)), "bad_entry_path"),
    "B57 absolute": (zipped(("/etc/x.csv", GOOD)), "bad_entry_path"),
    "B57 drive": (zipped(("C:\\x.csv", GOOD)), "bad_entry_path"),
    "B58 link": (zipped(("x.csv", b"/etc/passwd"), attributes=0o120777 << 16), "bad_entry_type"),
    "B59 password": (zipped(("x.csv", GOOD), flags=1), "encrypted_archive"),
    "B61 empty zip": (zipped(), "no_rows"),
    "B61 zip of an empty file": (zipped(("a.csv", b"")), "no_rows"),
    "B62 bzip2": (b"BZh91AY&SY", "unsupported_archive"),
    "B62 xz": (b"\xfd7zXZ\x00\x00\x04", "unsupported_archive"),
    "B62 7z": (b"7z\xbc\xaf\x27\x1c\x00\x04", "unsupported_archive"),
    "B62 rar": (b"Rar!\x1a\x07\x00", "unsupported_archive"),
}  # fmt: skip


@pytest.fixture
def refused() -> Callable[..., dict[str, object]]:
    """Load a bad file between two looks at the books; the next good file must load."""

    def run(connector: str, content: bytes, name: str = "bad.csv") -> dict[str, object]:
        before = books()
        imp = give(connector, content, name)
        assert imp.state == "refused"
        assert books() == before
        error = imp.errors[0]
        assert set(error) == {
            "code",
            "message",
            "file",
            "line",
            "column",
            "found",
            "expected",
            "fix",
        }
        assert error["message"]
        assert error["file"]
        assert error["fix"]
        assert len(error["found"] or "") <= 80
        assert give("usage_csv", GOOD, "good.csv").state == "loaded"
        return error

    return run


@pytest.mark.parametrize("name", BAD_CSV)
def test_a_bad_table_is_refused_by_code_and_line(refused, name):
    content, code, line, column = BAD_CSV[name]
    error = refused("usage_csv", content)

    assert (error["code"], error["line"], error["column"]) == (code, line, column)


@pytest.mark.parametrize("name", BAD_MONEY)
def test_bad_money_is_refused_under_the_bill_s_own_column_name(refused, name):
    content, code, column = BAD_MONEY[name]
    error = refused("focus", content)

    assert (error["code"], error["line"], error["column"]) == (code, 3, column)


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_a_bad_archive_is_refused(refused, name):
    content, code = BAD_ARCHIVES[name]

    assert refused("usage_csv", content)["code"] == code


def test_a_missing_column_is_looked_for_among_those_that_are_there(refused):
    error = refused("usage_csv", b"occured_at,provider,requests\n2026-10-05,a,1\n")

    assert (error["found"], error["expected"]) == ("occured_at", "occurred_at")


def test_every_bad_row_is_named_up_to_a_hundred():
    rows = [b"2026-10-05,anthropic,,m,x%d,,\n" % n for n in range(150)]
    imp = give("usage_csv", usage(*rows))

    assert [error["line"] for error in imp.errors] == list(range(2, 102))
    assert "150 problems" in imp.warnings[-1]["message"]


def test_what_was_found_is_cut_and_made_safe_to_show(refused):
    error = refused("usage_csv", usage(b"2026-10-05,anthropic,,m,\x1b[31m" + b"9x" * 90 + b",,\n"))

    assert error["found"].startswith("\\x1b[31m9x")
    assert len(error["found"]) == 80


def test_an_archive_bomb_ends_early(refused, monkeypatch):
    monkeypatch.setattr(unpack, "RATIO_FREE", 1024 * 1024)
    bomb = gzip.compress(b"a,b\n" * (8 * 1024 * 1024))

    tracemalloc.start()
    assert refused("usage_csv", bomb)["code"] == "archive_ratio"
    assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    tracemalloc.stop()


def test_a_zip_bomb_is_counted_by_what_comes_out_of_it(refused, monkeypatch):
    monkeypatch.setattr(unpack, "RATIO_FREE", 1024 * 1024)

    assert (
        refused("usage_csv", zipped(("a.csv", b"0" * 1024 + b"\n" * 4_000_000)))["code"]
        == "archive_ratio"
    )


def test_a_line_without_end_is_refused_before_it_fills_memory(refused):
    endless = gzip.compress(HEAD + b"2026-10-05,anthropic," + b"x,y;z" * 1_200_000 + b",m,1,,\n")
    tracemalloc.start()

    error = refused("usage_csv", endless)
    assert (error["code"], error["line"]) == ("line_too_long", 2)
    assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    tracemalloc.stop()


def test_a_line_just_over_the_limit_is_refused_too(refused):
    long = usage(ROW, b"2026-10-05,anthropic," + b"x" * 2_000_100 + b",m,1,,\n")

    assert refused("usage_csv", long)["code"] == "line_too_long"


def test_a_zip_that_lies_about_its_size_is_refused(refused):
    packed = bytearray(zipped(("a.csv", GOOD * 100)))
    at = packed.rfind(b"PK\x01\x02")
    packed[at + 24 : at + 28] = (100).to_bytes(4, "little")

    assert refused("usage_csv", bytes(packed))["code"] == "corrupt_archive"


@pytest.mark.parametrize(
    ("name", "content"),
    {
        "B04 mark": b"\xef\xbb\xbf" + GOOD,
        "B10 line end in a cell": usage(b'2026-10-05,anthropic,"a\nb",m,1,,\n'),
        "B11 CR only": GOOD.replace(b"\n", b"\r"),
        "B11 CRLF": GOOD.replace(b"\n", b"\r\n"),
        "B11 mixed": HEAD[:-1] + b"\r\n" + ROW,
        "B12 semicolons": GOOD.replace(b",", b";"),
        "B12 tabs": GOOD.replace(b",", b"\t"),
        "B18 columns in another order, and one more": (
            b"x_more,requests,provider,occurred_at\nkept,1,anthropic,2026-10-05\n"
        ),
        "B25 exponent": cost("1E-7"),
        "B25 minus zero": cost("-0.00"),
        "blank lines at the end": GOOD + b"\n\n",
        "no line end at the end": GOOD[:-1],
        "gzip": GZIP,
        "gzip of two members": gzip.compress(HEAD) + gzip.compress(ROW),
        "zstd": ZSTD,
        "zip": zipped(("a.csv", GOOD), ("__MACOSX/._a.csv", b"x"), ("folder/", b"")),
    }.items(),
)  # fmt: skip
def test_what_is_unusual_but_clear_is_taken(name, content):
    imp = give("usage_csv", content, "x.csv")

    assert (imp.errors, imp.state, imp.rows) == ([], "loaded", 1)


def test_another_delimiter_is_said():
    imp = give("usage_csv", GOOD.replace(b",", b";"))

    assert imp.warnings == [
        {"code": "delimiter", "message": "The columns are separated by semicolons."}
    ]


@pytest.mark.parametrize(
    "amount", ["0.12345678901234567890", "-0.00", "1E-7", "-12.30", "+5", ".5"]
)
def test_amounts_are_booked_to_the_last_digit(amount):
    imp = give("focus", money(BilledCost=amount))
    assert Decimal(imp.totals["USD"]) == 10 + Decimal(amount)


@pytest.mark.parametrize(
    "team",
    ["NA", "null", "None", "TRUE", "=cmd|'/c calc'!A1", "+1+1", "@SUM(1)", "-2+3", "<img src=x onerror=a()>",
     "x'); DROP TABLE people_team;--", "%s", "{0}", "${jndi:ldap://x}"],
)  # fmt: skip
def test_names_are_text_whatever_they_look_like(team):
    row = f'ana@example.com,"{team}"\n'.encode()
    assert give("people_csv", b"email,team\n" + row).state == "loaded"
    assert Team.objects.get().name == team


def test_names_that_look_the_same_are_one_team():
    rows = ["a@x.com,Café", "b@x.com,Cafe\u0301", "c@x.com,Café ", "d@x.com,Ca\u200dfé"]
    give("people_csv", "\n".join(["email,team", *rows, ""]).encode())

    assert Team.objects.count() == 1
